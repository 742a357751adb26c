import { reachAmqp } from '#lib/amqp.ts'
import { reasonOf, SoaError } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import type { Part } from '#lib/run.ts'
import { type BrokerFacts, type BrokerWay, chooseBroker, howToGetOne } from './choose.ts'
import { dockerAnswers, startInDocker } from './docker.ts'
import { canInstall, install } from './install.ts'
import { startNode } from './node.ts'
import type { RunningBroker } from './running.ts'
import { findServer } from './server-files.ts'

export interface BrokerOptions {
  readonly wanted: BrokerFacts['wanted']
  readonly amqpUrl: string | undefined
  /** 0: any free one. */
  readonly port: number
  /** Where a node of ours keeps its data. */
  readonly dir: string
  readonly log: Log
  /** Told one line for each thing that takes a while. */
  readonly progress: (line: string) => void
}

export interface Broker extends Part {
  /** Known once started; undefined when none is wanted. */
  readonly url: () => string | undefined
  /** For people: which broker this is. */
  readonly how: () => string
}

/** The RabbitMQ of `make up`: one that is given, or one that is started here and stops with us. */
export function broker(options: BrokerOptions): Broker {
  const givenUp = new AbortController()
  let running: RunningBroker | undefined
  let url: string | undefined
  let how = 'not started yet'

  async function start(): Promise<void> {
    const choice = chooseBroker(await factsOf(options))
    switch (choice.kind) {
      case 'none':
        how = 'none, as asked for'
        return
      case 'given':
        await reachAmqp(choice.url)
        url = choice.url
        how = 'given'
        return
      case 'impossible':
        throw new SoaError('SOA_BROKER_FAILED', howToGetOne(choice.why))
      case 'start':
        running = await firstThatStarts(choice.ways, options, givenUp.signal)
        url = running.url
        how = running.how
        options.log.info({ how }, 'Broker started')
        return
      default:
        return choice satisfies never
    }
  }

  return {
    name: 'broker',
    start,
    abandon: () => givenUp.abort(),
    stop: () => running?.stop(),
    unready: () => running?.ended(),
    url: () => url,
    how: () => how,
  }
}

async function factsOf({ wanted, amqpUrl }: BrokerOptions): Promise<BrokerFacts> {
  // Asking the daemon takes its time: only when the answer matters.
  const docker = amqpUrl === undefined && (wanted === 'auto' || wanted === 'docker') && (await dockerAnswers())
  return { wanted, amqpUrl, docker, installed: findServer() !== undefined, installable: canInstall() }
}

/** Falls through to the next way with a line that says why; the failures of all speak at the end. */
async function firstThatStarts(
  ways: readonly BrokerWay[],
  options: BrokerOptions,
  signal: AbortSignal,
): Promise<RunningBroker> {
  const failures: string[] = []
  for (const way of ways) {
    try {
      return await startBy(way, options, signal)
    } catch (error) {
      // Another way would need the same port.
      if (signal.aborted || (error instanceof SoaError && error.code === 'SOA_PORT_TAKEN')) throw error
      failures.push(reasonOf(error))
      options.progress(`RabbitMQ does not start this way: ${reasonOf(error)}`)
    }
  }
  throw new SoaError('SOA_BROKER_FAILED', howToGetOne(failures.join('; ')))
}

async function startBy(
  way: BrokerWay,
  { port, dir, progress }: BrokerOptions,
  signal: AbortSignal,
): Promise<RunningBroker> {
  if (way === 'docker') {
    progress('RabbitMQ: starting a container ...')
    return startInDocker({ port, progress, signal })
  }
  const files = (way === 'installed' ? findServer() : undefined) ?? (await install(progress))
  progress(`RabbitMQ: starting rabbitmq-server ${files.version ?? ''} (about 10 seconds) ...`)
  return startNode({ files, dir, port, signal })
}
