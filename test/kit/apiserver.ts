import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type Child, startChild } from './child.ts'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { apiServerBinary } from './kubernetes/binary.ts'
import { createCredentials, writeKubeconfig } from './kubernetes/credentials.ts'
import { compact, startEtcd } from './kubernetes/etcd.ts'

/** A Kubernetes API that tests may write to. */
export interface ApiServer {
  readonly kubeconfigPath: string
  readonly url: string
  /** An administrator's bearer token; empty where a given kubeconfig has none. */
  readonly token: string
  readonly stop: () => Promise<void>
}

/** One that this process started, and may hurt. */
export interface OwnApiServer extends ApiServer {
  /** A kubeconfig of someone without rights. */
  readonly guestKubeconfigPath: string
  /** kill -9; the store lives on. */
  readonly crash: () => Promise<void>
  /** Starts again on the same port after a crash. */
  readonly revive: () => Promise<void>
  /** Makes every version up to now too old to watch from. */
  readonly compact: () => Promise<void>
}

/** The API server that SOAPLANE_TEST_KUBECONFIG names, else one started here. */
export async function startApiServer(): Promise<ApiServer> {
  const given = process.env.SOAPLANE_TEST_KUBECONFIG
  return given ? givenApiServer(given) : startOwnApiServer()
}

/** A kube-apiserver and an etcd of our own on free ports, all of it gone after `stop`. */
export async function startOwnApiServer(): Promise<OwnApiServer> {
  const binary = await apiServerBinary()
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-apiserver-'))
  const etcd = await startEtcd(folder)
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  const { token, guestToken, flags } = createCredentials(folder)
  const certificates = join(folder, 'certificates')
  mkdirSync(certificates)
  let child: Child | undefined

  async function start(): Promise<void> {
    child = startChild(binary, [...flags, ...flagsFor(etcd.url, port, certificates)], {
      logFile: join(folder, 'kube-apiserver.log'),
    })
    await ready(child, url, join(certificates, 'apiserver.crt'), token)
  }

  async function stop(): Promise<void> {
    await child?.kill()
    await etcd.child.kill()
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  const ca = join(certificates, 'apiserver.crt')
  return {
    kubeconfigPath: writeKubeconfig(join(folder, 'kubeconfig'), url, ca, token),
    guestKubeconfigPath: writeKubeconfig(join(folder, 'kubeconfig-guest'), url, ca, guestToken),
    url,
    token,
    stop,
    crash: async () => child?.kill(),
    revive: start,
    compact: () => compact(etcd),
  }
}

function flagsFor(etcdUrl: string, port: number, certificates: string): readonly string[] {
  return [
    ...['--etcd-servers', etcdUrl, '--etcd-compaction-interval', '0'],
    ...['--secure-port', String(port), '--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1'],
    // The certificate it signs for itself is its own authority, and stays over restarts.
    ...['--cert-dir', certificates],
    ...['--service-cluster-ip-range', '10.96.0.0/24', '--endpoint-reconciler-type', 'none'],
    // No controllers run here: no default service account ever appears for the plugin to find.
    ...['--disable-admission-plugins', 'ServiceAccount', '--profiling=false'],
  ]
}

async function ready(child: Child, url: string, caFile: string, token: string): Promise<void> {
  const outcome = await eventually(
    async () => {
      const ended = child.ended()
      if (ended) return new Error(ended)
      return existsSync(caFile) && (await statusOf(`${url}/readyz`, readFileSync(caFile, 'utf8'), token)) === 200
    },
    { timeoutMs: 60_000, everyMs: 50 },
  )
  if (outcome instanceof Error) throw outcome
}

function statusOf(url: string, ca: string, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { ca, agent: false, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}

function givenApiServer(kubeconfigPath: string): ApiServer {
  const config = parse(readFileSync(kubeconfigPath, 'utf8')) as {
    readonly clusters?: readonly { readonly cluster?: { readonly server?: string } }[]
    readonly users?: readonly { readonly user?: { readonly token?: string } }[]
  }
  const url = config.clusters?.[0]?.cluster?.server
  if (url === undefined) throw new Error(`SOAPLANE_TEST_KUBECONFIG=${kubeconfigPath} names no server`)
  return { kubeconfigPath, url, token: config.users?.[0]?.user?.token ?? '', stop: async () => {} }
}
