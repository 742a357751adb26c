import type { Writable } from 'node:stream'
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { type AmqpAddress, amqpAddress } from './amqp/address.ts'
import { type Living, live } from './amqp/connection.ts'
import { gathered } from './amqp/gathered.ts'
import { createLane, type Lane, type Setup } from './amqp/lane.ts'
import { amqpMetrics } from './amqp/metrics.ts'
import { createPublisher, type Outgoing, type Published, type Publisher } from './amqp/publisher.ts'
import { type AmqpState, whyNotSendable, whyNotUsable } from './amqp/state.ts'
import { reasonOf, SoaError } from './error.ts'
import { pause } from './kube/pause.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { type Backoff, backoffMs } from './retry.ts'
import type { Part } from './run.ts'

export type { ConfirmChannel, ConsumeMessage } from 'amqplib'
export type { Leave, Setup } from './amqp/lane.ts'
export type { Outgoing, Published } from './amqp/publisher.ts'
export type { AmqpState } from './amqp/state.ts'

/** A connection to RabbitMQ that is made again for ever, with backoff, and all its channels with it. */
export interface Amqp extends Part {
  /** Runs `setup` on a channel of its own at every connect, and again whenever that channel is lost. May be called at any time. */
  readonly onConnect: (name: string, setup: Setup<ConfirmChannel>, options?: LaneUse) => LaneHandle
  /** Sends with confirm; rejects while down or blocked (nothing sent), and when the outcome is unknown. */
  readonly publish: Publish
  /** The same on a channel of its own: a missing exchange closes the channel, and what others have in flight stays theirs. */
  readonly publisher: (name: string) => LanePublisher
  /** Does something on a channel that is made for it: a refusal (404, 406) closes that one, and is what is thrown. */
  readonly once: <T>(work: (channel: ConfirmChannel) => Promise<T>) => Promise<T>
  /** Speaks for all lanes too, but for those that stand apart. */
  readonly unready: () => string | undefined
  /** Of the broker, as it told at the last connect: `4.0.5`. */
  readonly version: () => string | undefined
  readonly state: () => AmqpState
  readonly onState: (listener: (state: AmqpState) => void) => () => void
}

export type Publish = (message: Outgoing, options?: { readonly timeoutMs?: number }) => Promise<Published>

export interface LaneUse {
  /** Whether its state is nobody's but its owner's: the connection is ready without it. */
  readonly apart?: boolean
}

/** A lane as its owner holds it. */
export interface LaneHandle {
  readonly unready: () => string | undefined
  /** Ends intake and what is in hand, closes the channel, and forgets the lane. */
  readonly leave: () => Promise<void>
}

export interface LanePublisher extends LaneHandle {
  readonly publish: Publish
}

export interface AmqpOptions {
  /** Tells connections of one process apart: alarms block whole connections, so publish and consume on two. */
  readonly name?: string
  /** Asked before each attempt. */
  readonly url: () => string
  readonly log: Log
  readonly metrics: Metrics
  readonly random: () => number
  readonly backoff?: Backoff
}

const CONNECT_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 5_000
const BACKOFF: Backoff = { baseMs: 200, maxMs: 10_000 }

export function createAmqp({ name = 'amqp', url, log, metrics, random, backoff = BACKOFF }: AmqpOptions): Amqp {
  const measured = amqpMetrics(metrics)
  const refusal = () => whyNotSendable(state)
  const lanes: Lane<ConfirmChannel>[] = []
  const apart = new WeakSet<Lane<ConfirmChannel>>()
  const listeners = new Set<(state: AmqpState) => void>()
  const stopping = new AbortController()
  let state: AmqpState = { phase: 'down', reason: 'not connected yet' }
  let connection: ChannelModel | undefined
  let living: Living<ConfirmChannel> | undefined
  let version: string | undefined
  let supervised: Promise<void> | undefined

  function onConnect(laneName: string, setup: Setup<ConfirmChannel>, use: LaneUse = {}): LaneHandle {
    const lane = createLane({ name: laneName, setup, backoff, random, log })
    if (use.apart) apart.add(lane)
    lanes.push(lane)
    living?.add(lane)
    return {
      unready: () => (state.phase === 'down' ? state.reason : lane.unready()),
      async leave() {
        try {
          await lane.leave()
        } finally {
          await closed(lane)
          const place = lanes.indexOf(lane)
          if (place >= 0) lanes.splice(place, 1)
        }
      },
    }
  }

  function publisher(laneName: string, use?: LaneUse): LanePublisher {
    const made = createPublisher({ refusal })
    return { ...onConnect(laneName, made.setup, use), publish: counted(made) }
  }
  // First of the lanes, so that it is the last to leave.
  const own = publisher('publisher')

  function become(next: AmqpState): void {
    state = next
    measured.up.set({ connection: name }, state.phase === 'down' ? 0 : 1)
    measured.blocked.set({ connection: name }, state.phase === 'blocked' ? 1 : 0)
    for (const listener of [...listeners]) listener(state)
  }

  async function supervise(): Promise<void> {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      const address = amqpAddress(url())
      let reason: string
      try {
        connection = await opened(address, name)
        attempt = 0
        reason = await used(connection, address)
      } catch (error) {
        reason = reasonOf(error)
      }
      connection = undefined
      if (stopping.signal.aborted) return
      tellDown(address.redact(reason), address)
      await pause(backoffMs(backoff, attempt, random), stopping.signal)
    }
  }

  async function used(fresh: ChannelModel, { shown }: AmqpAddress): Promise<string> {
    const fields = { connection: name, broker: shown }
    version = versionOf(fresh)
    const life = live<ConfirmChannel>(fresh, lanes, {
      blocked(reason) {
        log.warn({ ...fields, reason }, 'Broker blocks publishers')
        become({ phase: 'blocked', reason })
      },
      unblocked() {
        log.info(fields, 'Broker takes messages again')
        become({ phase: 'up' })
      },
    })
    if (stopping.signal.aborted) await fresh.close()
    else {
      living = life
      measured.connects.inc({ connection: name })
      log.info(fields, 'Broker connected')
      become({ phase: 'up' })
    }
    const why = await life.end
    living = undefined
    return why
  }

  function tellDown(reason: string, { shown }: AmqpAddress): void {
    const isNews = state.phase !== 'down' || state.reason !== reason
    log[isNews ? 'warn' : 'debug']({ connection: name, broker: shown, error: reason }, 'Broker is out of reach')
    become({ phase: 'down', reason })
  }

  function counted({ publish }: Publisher): Publish {
    const sent = measured.published.labels(name, 'sent')
    const count = (outcome: string) => measured.published.inc({ connection: name, outcome })
    return async (message, { timeoutMs = 30_000 } = {}) => {
      try {
        const outcome = await publish(message, timeoutMs)
        if (outcome.sent) sent.inc()
        else count(outcome.reason.toLowerCase())
        return outcome
      } catch (error) {
        count('failed')
        throw error
      }
    }
  }

  async function close(): Promise<void> {
    stopping.abort()
    // Last set up leaves first: what consumers have in hand may still be published.
    for (const lane of lanes.toReversed()) {
      // A lane that cannot finish must not keep the others from it; its messages go to another consumer.
      await lane.leave().catch((error) => log.warn({ lane: lane.name, error: reasonOf(error) }, 'Lane did not finish'))
    }
    await atMost(CLOSE_TIMEOUT_MS, hangUp())
    become({ phase: 'down', reason: 'closed' })
  }

  async function hangUp(): Promise<void> {
    // A close of the connection overtakes acks that wait in the channels.
    await Promise.all(lanes.map(closed))
    await connection?.close().catch(lost)
    await supervised
  }

  /** A blocked broker would not read a close, nor what was sent before it. */
  async function closed(lane: Lane<ConfirmChannel>): Promise<void> {
    if (state.phase === 'up') await lane.close().catch(lost)
  }

  return {
    name,
    start() {
      amqpAddress(url())
      become(state)
      supervised = supervise()
    },
    stop: close,
    unready() {
      if (state.phase === 'down') return state.reason
      return lanes.map((lane) => (apart.has(lane) ? undefined : lane.unready())).find((reason) => reason !== undefined)
    },
    onConnect,
    publish: own.publish,
    publisher: (lane) => publisher(lane, { apart: true }),
    async once(work) {
      const why = whyNotUsable(state)
      if (why !== undefined || connection === undefined) throw new SoaError('SOA_BROKER_FAILED', why ?? 'not connected')
      return onChannel(await connection.createConfirmChannel(), work)
    },
    version: () => version,
    state: () => state,
    onState(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

async function onChannel<T>(channel: ConfirmChannel, work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
  let fault: unknown
  channel.on('error', (error) => {
    fault = error
  })
  try {
    return await work(channel)
  } catch (error) {
    // The call that was refused says less than the channel that was closed for it.
    throw fault ?? error
  } finally {
    await channel.close().catch(lost)
  }
}

// What a close that fails has found is a channel or a connection that is lost: as good.
function lost(): void {}

function versionOf({ connection }: ChannelModel): string | undefined {
  const { serverProperties } = connection as { readonly serverProperties?: { readonly version?: unknown } }
  return typeof serverProperties?.version === 'string' ? serverProperties.version : undefined
}

async function opened({ url }: AmqpAddress, name: string): Promise<ChannelModel> {
  // Without noDelay a confirm of a body over 2 KiB waits 40 ms for a delayed ACK.
  const model = await connect(url, {
    noDelay: true,
    timeout: CONNECT_TIMEOUT_MS,
    clientProperties: { connection_name: `soaplane ${name}` },
  })
  gathered((model.connection as unknown as { readonly stream: Writable }).stream)
  return model
}

/** Resolves once the broker has taken a connection with these credentials; rejects with the reason, credentials left out. */
export async function reachAmqp(url: string): Promise<void> {
  const address = amqpAddress(url)
  try {
    const connection = await opened(address, 'check')
    // It has answered; what becomes of the connection now is of no interest.
    connection.on('error', () => {})
    await connection.close()
  } catch (error) {
    const message = `No broker at ${address.shown}: ${address.redact(reasonOf(error))}`
    throw new SoaError('SOA_BROKER_FAILED', message, { status: 503 })
  }
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const patience = new AbortController()
  await Promise.race([work, pause(ms, patience.signal)])
  patience.abort()
}
