import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { Agent, type Dispatcher } from 'undici'
import type { Authority } from './transport.ts'

/** Where Kubernetes puts the account of a pod. */
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

type Env = Readonly<Record<string, string | undefined>>

/** Who a pod is and where its API server is: what client-node would say, without the 90 MB that it costs each process. */
export interface Account extends Authority {
  readonly server: URL
}

/** The account of this pod; undefined outside of one. */
export function accountOf(env: Env, folder = FOLDER): Account | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  if (!host || !port || !existsSync(join(folder, 'token'))) return undefined
  const certificate = () => readFile(join(folder, 'ca.crt'), 'utf8')
  return {
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    // Read for each request: kubelet puts a new token there long before the old one ends.
    async applyToHTTPSOptions(options) {
      options.ca = await certificate()
      options.headers = { Authorization: `Bearer ${await readFile(join(folder, 'token'), 'utf8')}` }
    },
    async applySecurityAuthentication(context: { readonly setDispatcher: (dispatcher: Dispatcher) => void }) {
      const connect = { ca: await certificate(), keepAlive: true, keepAliveInitialDelay: 30_000 }
      context.setDispatcher(new Agent({ connect }))
    },
  }
}
