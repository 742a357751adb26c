import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { reasonOf, SoaError } from '#lib/error.ts'
import { command, lastLine } from './command.ts'
import { freePorts, isTaken } from './free-ports.ts'
import { END_GROUPS, whenWeDie } from './guard.ts'
import { claim, refuseIfInUse } from './in-use.ts'
import {
  ADVANCED_CONFIG,
  confOf,
  envOf,
  NODE_NAME,
  type NodePlace,
  outputFile,
  UNROUTABLE_POLICY,
} from './node-settings.ts'
import { processGroup } from './process-group.ts'
import { reachable } from './ready.ts'
import type { RunningBroker } from './running.ts'
import type { ServerFiles } from './server-files.ts'

/** A RabbitMQ node as a child of this process, with its own epmd, data, cookie and ports. */
export interface RunningNode extends RunningBroker {
  readonly port: number
  /** As a power cut would: no goodbye. */
  readonly kill: () => Promise<void>
  /** What `rabbitmqctl` says for these arguments; throws with its last line when it fails. */
  readonly ctl: (...args: readonly string[]) => Promise<string>
}

export interface NodeOptions {
  readonly files: ServerFiles
  readonly dir: string
  /** 0: any free one. */
  readonly port: number
  /** How long it may take until it serves. */
  readonly timeoutMs?: number
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal
  /** Of a cluster on this machine; a node of its own if left out. */
  readonly member?: Member
}

/** Nodes find each other by name, through an epmd that is not any one's own. */
export interface Member {
  readonly name: string
  readonly epmdPort: number
  /** More lines of rabbitmq.conf. */
  readonly conf: readonly string[]
}

const STOP_MS = 15_000

export async function startNode({
  files,
  dir,
  port,
  timeoutMs = 90_000,
  signal = new AbortController().signal,
  member,
}: NodeOptions): Promise<RunningNode> {
  const folder = resolve(dir)
  await refuseIfInUse(folder)
  const place = await placeOf(folder, port, member)
  await layOut(folder, confOf(place.port, files.version, member?.conf))
  const env = envOf(place, files, process.env.PATH ?? '')
  const { ended, stop, kill } = await processesOf(files, place, env, member === undefined)
  const running: RunningNode = {
    url: `amqp://guest:guest@127.0.0.1:${place.port}`,
    how: `rabbitmq-server ${files.version ?? ''} of this machine, data in ${dir}`.replace('  ', ' '),
    port: place.port,
    ended,
    stop,
    kill,
    async ctl(...args) {
      const { ok, output } = await command(files.ctl, ['--node', place.name, ...args], { timeoutMs: 30_000, env })
      if (!ok) throw new SoaError('SOA_BROKER_FAILED', `rabbitmqctl ${args[0]}: ${lastLine(output)}`)
      return output
    },
  }
  try {
    await reachable(running.url, { ended, timeoutMs, signal })
    await running.ctl('set_policy', ...UNROUTABLE_POLICY)
  } catch (error) {
    await kill()
    throw new SoaError('SOA_BROKER_FAILED', `${reasonOf(error)}; its logs are in ${join(dir, 'log')}`)
  }
  return running
}

async function placeOf(dir: string, asked: number, member: Member | undefined): Promise<NodePlace> {
  const [distPort = 0, ownEpmd = 0, free = 0] = await freePorts(3)
  const port = asked === 0 ? free : asked
  if (await isTaken(port)) {
    throw new SoaError('SOA_PORT_TAKEN', `Port ${port} is taken: RabbitMQ needs it; free it or choose another`)
  }
  return { name: member?.name ?? NODE_NAME, dir, port, distPort, epmdPort: member?.epmdPort ?? ownEpmd }
}

/** The server and, where it needs one, its epmd, each a process group of ours; a guard ends both if we are killed. */
async function processesOf(
  { server }: ServerFiles,
  { dir, epmdPort }: NodePlace,
  env: NodeJS.ProcessEnv,
  hasOwnEpmd: boolean,
): Promise<Pick<RunningNode, 'ended' | 'stop' | 'kill'>> {
  const at = { cwd: dir, env, output: outputFile(dir) }
  // Our own epmd, in the foreground: the one that Erlang starts by itself would outlive us.
  const epmd = hasOwnEpmd ? processGroup('epmd', 'epmd', ['-port', String(epmdPort)], at) : undefined
  const node = processGroup('RabbitMQ', server, [], at)
  const callOff = whenWeDie(
    END_GROUPS,
    [node, epmd].flatMap((each) => (each ? [String(each.pid)] : [])),
  )
  await claim(dir, node.pid)

  async function end(how: () => Promise<void>): Promise<void> {
    await how()
    await epmd?.kill()
    callOff()
  }
  return {
    ended: () => node.ended() ?? epmd?.ended(),
    stop: () => end(() => node.stop(STOP_MS)),
    kill: () => end(node.kill),
  }
}

async function layOut(dir: string, conf: string): Promise<void> {
  for (const folder of ['home', 'log', 'data', 'generated', 'schema', 'plugins']) {
    await mkdir(join(dir, folder), { recursive: true, mode: 0o700 })
  }
  await writeFile(join(dir, 'rabbitmq.conf'), conf)
  // Of this start alone: it is searched for the reason of a failure.
  await writeFile(outputFile(dir), '')
  await writeFile(join(dir, 'rabbitmq-env.conf'), '')
  await writeFile(join(dir, 'advanced.config'), ADVANCED_CONFIG)
  await writeFile(join(dir, 'enabled_plugins'), '[].\n')
}
