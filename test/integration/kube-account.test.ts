import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { accountOf } from '#lib/kube/account.ts'
import { createTransport } from '#lib/kube/transport.ts'
import { createKube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'

let server: OwnApiServer
let folder: string

beforeAll(async () => {
  server = await startOwnApiServer()
  folder = await mkdtemp(join(tmpdir(), 'soaplane-account-'))
})
afterAll(async () => {
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** What kubelet puts into a pod of a fresh account; gives the name by which the API server knows it. */
async function mountAccount(): Promise<string> {
  const kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  const namespace = await freshNamespace(kube)
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`
  await kube.create(accounts, { metadata: { name: 'pod' } })
  const { status } = await kube.create<{ status: { token: string } }>(`${accounts}/pod/token`, {
    ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  })
  await kube.close()
  const { clusters } = parse(await readFile(server.kubeconfigPath, 'utf8'))
  await writeFile(join(folder, 'token'), status.token)
  await writeFile(join(folder, 'ca.crt'), Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64'))
  return `system:serviceaccount:${namespace}:pod`
}

it('a pod is who its account says, and so is a pod whose account has changed', async () => {
  const { hostname, port, origin } = new URL(server.url)
  const first = await mountAccount()
  const account = accountOf({ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }, folder)
  if (account === undefined) throw new Error('there is no account')
  const transport = createTransport(account)
  async function whoAmI(): Promise<string> {
    const { dispatcher, headers } = await transport.credentials()
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' })
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
    const type = { 'content-type': 'application/json' }
    const answer = await dispatcher.request({ origin, path, method: 'POST', headers: { ...headers, ...type }, body })
    return ((await answer.body.json()) as { status: { userInfo: { username: string } } }).status.userInfo.username
  }
  expect(await whoAmI()).toBe(first)
  const second = await mountAccount()
  expect(await whoAmI()).toBe(second)
  await transport.close()
})
