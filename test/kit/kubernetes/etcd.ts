import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Child, startChild } from '../child.ts'
import { eventually } from '../eventually.ts'
import { freePort } from '../free-port.ts'
import { telling } from '../progress.ts'

export interface Etcd {
  readonly url: string
  readonly child: Child
}

/** An etcd that forgets on crash: nothing here outlives the run. */
export async function startEtcd(folder: string): Promise<Etcd> {
  const command = await etcdBinary()
  const url = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const child = startChild(
    command,
    [
      ...['--name', 'default', '--data-dir', join(folder, 'etcd')],
      ...['--listen-client-urls', url, '--advertise-client-urls', url],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
      ...['--unsafe-no-fsync', '--logger', 'zap', '--log-level', 'error'],
    ],
    { logFile: join(folder, 'etcd.log'), env: { ETCD_UNSUPPORTED_ARCH: process.arch } },
  )
  await eventually(
    async () => {
      const ended = child.ended()
      if (ended) return new Error(ended)
      return (await fetch(`${url}/health`)).ok
    },
    { timeoutMs: 20_000, everyMs: 50 },
  ).then((outcome) => {
    if (outcome instanceof Error) throw outcome
  })
  return { url, child }
}

/** Forgets all history before now, as a busy cluster does every five minutes: older versions answer 410. */
export async function compact({ url }: Etcd): Promise<void> {
  const ask = async (path: string, body: object) => {
    const response = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`etcd ${path} answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as { readonly header: { readonly revision: string } }
  }
  const { header } = await ask('kv/range', { key: 'AA==' })
  await ask('kv/compaction', { revision: header.revision, physical: true })
}

async function etcdBinary(): Promise<string> {
  if (process.env.SOAPLANE_ETCD) return process.env.SOAPLANE_ETCD
  if (runs('etcd', '--version')) return 'etcd'
  if (process.getuid?.() === 0 && runs('apt-get', '--version')) {
    await telling('Installing etcd-server from Debian', async () => {
      runs('apt-get', 'update', '-qq')
      runs('apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'etcd-server')
    })
    if (runs('etcd', '--version')) return 'etcd'
  }
  throw new Error(
    'No etcd for the integration tests. Put `etcd` on the PATH (Debian: apt-get install etcd-server) or name it in SOAPLANE_ETCD.',
  )
}

function runs(command: string, ...args: readonly string[]): boolean {
  return (
    spawnSync(command, args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status ===
    0
  )
}
