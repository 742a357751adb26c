import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { howToGetOne } from '#services/embedded/broker/choose.ts'
import { canInstall, install } from '#services/embedded/broker/install.ts'
import { type RunningNode, startNode } from '#services/embedded/broker/node.ts'
import { findServer, type ServerFiles } from '#services/embedded/broker/server-files.ts'
import { server40 } from './broker/server-40.ts'
import { tell } from './progress.ts'

/** A real RabbitMQ of one test file: isolated data, cookie, epmd and ports, so several run side by side. */
export interface TestBroker {
  readonly url: string
  readonly port: number
  readonly ctl: RunningNode['ctl']
  /** kill -9 of the node and all its processes. */
  readonly kill: () => Promise<void>
  /** Ends it as an operator does; its data stay. */
  readonly shutDown: () => Promise<void>
  /** Up again after a kill or a shutdown: same data, same port. */
  readonly restart: () => Promise<void>
  /** Stops it and removes its data. */
  readonly stop: () => Promise<void>
}

/** Those that clients and the bus must work on: Debian 12's, and that of Debian 13 and of the chart. */
export const BROKER_VERSIONS = ['3.10', '4.0'] as const
export type BrokerVersion = (typeof BROKER_VERSIONS)[number]

/** The version that this machine has, unless one is asked for. */
export async function startBroker({ version }: { readonly version?: BrokerVersion } = {}): Promise<TestBroker> {
  const files = await serverOf(version)
  const dir = await mkdtemp(join(tmpdir(), 'soaplane-broker-'))
  let node = await startNode({ files, dir, port: 0 })
  const { url, port } = node
  return {
    url,
    port,
    ctl: (...args) => node.ctl(...args),
    kill: () => node.kill(),
    shutDown: () => node.stop(),
    async restart() {
      node = await startNode({ files, dir, port })
    },
    async stop() {
      await node.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function serverOf(version: BrokerVersion | undefined): Promise<ServerFiles> {
  if (version === '4.0') return server40()
  const files = await serverFiles()
  if (version !== undefined && !files.version?.startsWith(`${version}.`)) {
    throw new Error(`These tests need RabbitMQ ${version}, as Debian 12 has it; this machine has ${files.version}`)
  }
  return files
}

/** The server of this machine, installed if it can be. */
export async function serverFiles(): Promise<ServerFiles> {
  const files = findServer()
  if (files !== undefined) return files
  if (canInstall()) return install(tell)
  throw new Error(howToGetOne('these tests need rabbitmq-server on this machine'))
}

/** Pids of all that was started for a data folder: the server, its helpers and epmd have it in their environment. */
export async function processesOf(dir: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const environments = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')))
  return pids.filter((_pid, i) => environments[i]?.includes(`HOME=${dir}/home`))
}
