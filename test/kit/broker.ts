import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { howToGetOne } from '#services/embedded/broker/choose.ts'
import { canInstall, install } from '#services/embedded/broker/install.ts'
import { type RunningNode, startNode } from '#services/embedded/broker/node.ts'
import { findServer, type ServerFiles } from '#services/embedded/broker/server-files.ts'
import { tell } from './progress.ts'

/** A real RabbitMQ of one test file: isolated data, cookie, epmd and ports, so several run side by side. */
export interface TestBroker {
  readonly url: string
  readonly ctl: RunningNode['ctl']
  /** kill -9 of the node and all its processes. */
  readonly kill: () => Promise<void>
  /** Up again after a kill: same data, same port. */
  readonly restart: () => Promise<void>
  /** Stops it and removes its data. */
  readonly stop: () => Promise<void>
}

export async function startBroker(): Promise<TestBroker> {
  const files = await serverFiles()
  const dir = await mkdtemp(join(tmpdir(), 'soaplane-broker-'))
  let node = await startNode({ files, dir, port: 0 })
  const { url, port } = node
  return {
    url,
    ctl: (...args) => node.ctl(...args),
    kill: () => node.kill(),
    async restart() {
      node = await startNode({ files, dir, port })
    },
    async stop() {
      await node.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
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
