import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '#services/embedded/broker/free-ports.ts'
import { END_GROUPS, whenWeDie } from '#services/embedded/broker/guard.ts'
import { type RunningNode, startNode } from '#services/embedded/broker/node.ts'
import { processGroup } from '#services/embedded/broker/process-group.ts'
import type { ServerFiles } from '#services/embedded/broker/server-files.ts'
import { serverFiles } from '../broker.ts'
import { eventually } from '../eventually.ts'

/** Nodes of one RabbitMQ on this machine: quorum queues have a member on each. */
export interface TestCluster {
  /** Of all nodes, apart by commas. */
  readonly url: string
  readonly nodes: readonly ClusterNode[]
  readonly stop: () => Promise<void>
}

export interface ClusterNode {
  readonly url: string
  readonly name: string
  readonly ctl: RunningNode['ctl']
  /** kill -9 of the node and all its processes. */
  readonly kill: () => Promise<void>
  /** Up again, and back among the others. */
  readonly restart: () => Promise<void>
}

const START_MS = 180_000

export interface ClusterOptions {
  readonly nodes?: number
  /** What a node does that no longer sees the others: lies low until it does, as in the chart, or goes on, as by default. */
  readonly minority?: 'pause_minority' | 'ignore' | undefined
}

export async function startCluster({ nodes: count = 3, minority }: ClusterOptions = {}): Promise<TestCluster> {
  const files = await serverFiles()
  const dir = await mkdtemp(join(tmpdir(), 'soaplane-cluster-'))
  const [epmdPort = 0, ...ports] = await freePorts(1 + count)
  const epmd = processGroup('epmd', 'epmd', ['-port', String(epmdPort)], {
    cwd: dir,
    env: { ...process.env, ERL_EPMD_ADDRESS: '127.0.0.1' },
    output: join(dir, 'epmd.log'),
  })
  const callOff = whenWeDie(END_GROUPS, [String(epmd.pid)])
  const names = ports.map((_port, i) => `soaplane-${i + 1}@localhost`)
  const nodes: ClusterNode[] = []

  async function stop(): Promise<void> {
    // All at once: the last one standing would wait for nobody.
    await Promise.all(nodes.map((each) => each.kill()))
    await epmd.kill()
    callOff()
    await rm(dir, { recursive: true, force: true })
  }

  try {
    const cookie = randomUUID()
    const conf = confOf(names, minority)
    const started = ports.map((port, i) =>
      clusterNode({ files, dir, cookie, name: names[i] as string, port, epmdPort, conf }),
    )
    const outcomes = await Promise.allSettled(started)
    for (const each of outcomes) if (each.status === 'fulfilled') nodes.push(each.value)
    for (const each of outcomes) if (each.status === 'rejected') throw each.reason
    await eventually(async () => (await runningIn(nodes[0])) === count, { timeoutMs: 30_000, everyMs: 500 })
  } catch (error) {
    await stop()
    throw error
  }
  return { url: nodes.map(({ url }) => url).join(','), nodes, stop }
}

/** As the chart has it, as far as 3.10 knows it. */
function confOf(names: readonly string[], minority: ClusterOptions['minority'] = 'pause_minority'): readonly string[] {
  return [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...names.map((name, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${name}`),
    `cluster_partition_handling = ${minority}`,
    'queue_leader_locator = balanced',
  ]
}

interface NodeFacts {
  readonly files: ServerFiles
  readonly dir: string
  readonly cookie: string
  readonly name: string
  readonly port: number
  readonly epmdPort: number
  readonly conf: readonly string[]
}

async function clusterNode({ files, dir, cookie, name, port, epmdPort, conf }: NodeFacts): Promise<ClusterNode> {
  const own = join(dir, name)
  // Nodes with one cookie are one cluster; it is made before the server would make its own.
  await mkdir(join(own, 'home'), { recursive: true, mode: 0o700 })
  await writeFile(join(own, 'home', '.erlang.cookie'), cookie, { mode: 0o400 })
  const start = () => startNode({ files, dir: own, port, timeoutMs: START_MS, member: { name, epmdPort, conf } })
  let node = await start()
  return {
    url: node.url,
    name,
    ctl: (...args) => node.ctl(...args),
    kill: () => node.kill(),
    async restart() {
      node = await start()
    },
  }
}

async function runningIn(node: ClusterNode | undefined): Promise<number | undefined> {
  const told = await node?.ctl('eval', 'length(rabbit_nodes:all_running()).')
  return told === undefined ? undefined : Number(told)
}
