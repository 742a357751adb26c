import type { Amqp, ConfirmChannel, ConsumeMessage } from '#lib/amqp.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Part } from '#lib/run.ts'
import { IDLE_MS, lastChunk } from '../streams/end.ts'
import { offsetOf } from '../streams/read.ts'
import { CHANNELS } from '../topology/names.ts'
import { channelOf, frameOf } from './frame.ts'

export interface Subscriber {
  /** `namespace/channel`. */
  readonly channel: string
  /** It has all up to this offset. */
  readonly after: number
  /** Takes a frame without waiting; one that has fallen too far behind is cut here. */
  readonly push: (text: string) => void
}

/** Reads the log of all channels once for this replica, and gives each message to the subscribers of its channel. */
export interface Hub extends Part {
  /** The newest offset that subscribers were given; undefined as long as the log is empty. */
  readonly last: () => number | undefined
  /** Whether no more subscribers are taken: there are too many, or the log has not been reached yet. */
  readonly isFull: () => boolean
  /** Takes a subscriber in until the returned function is called. */
  readonly join: (subscriber: Subscriber) => () => void
}

const PREFETCH = 200
const MAX_SUBSCRIBERS = 10_000
/** An end that was known before is looked for longer: it takes more than a slow broker to call a log empty. */
const PATIENCE_MS = 10 * IDLE_MS

export function createHub(
  consuming: Pick<Amqp, 'onConnect'>,
  { base, metrics }: { readonly base: () => Promise<void>; readonly metrics: Metrics },
): Hub {
  const byChannel = new Map<string, Set<{ after: number; readonly push: Subscriber['push'] }>>()
  let size = 0
  let last: number | undefined
  let isReady = false
  metrics.gauge('soa_esb_subscribers', 'WebSocket subscribers of channels', [], (gauge) => gauge.set(size))

  /** Goes on where it was: subscribers stay over a lost connection, and miss nothing. */
  async function begin(channel: ConfirmChannel): Promise<number | 'first'> {
    const end = (await lastChunk(channel, CHANNELS, last === undefined ? IDLE_MS : PATIENCE_MS)).at(-1)?.offset
    last ??= end
    if (last === undefined) return 'first'
    if (end !== undefined && end >= last) return last + 1
    // The log was lost and is another one: an offset that it has not reached yet would keep all before it from us.
    last = undefined
    for (const subscribers of byChannel.values()) for (const each of subscribers) each.after = -1
    return 'first'
  }

  function take(message: ConsumeMessage): void {
    const offset = offsetOf(message)
    last = offset
    const channel = channelOf(message)
    const subscribers = channel === undefined ? undefined : byChannel.get(channel)
    if (channel === undefined || subscribers === undefined) return
    const text = JSON.stringify(frameOf(offset, channel, message))
    for (const { after, push } of [...subscribers]) if (offset > after) push(text)
  }

  const lane = consuming.onConnect(
    'channels',
    async (channel, { fail }) => {
      // RabbitMQ 3.10 ends the whole connection of one who reads a stream that is just being made.
      await base()
      const offset = await begin(channel)
      await channel.prefetch(PREFETCH)
      const { consumerTag } = await channel.consume(
        CHANNELS,
        (message) => {
          if (message === null) return fail('the consumer of channels was cancelled')
          channel.ack(message)
          take(message)
        },
        { arguments: { 'x-stream-offset': offset } },
      )
      isReady = true
      return async () => void (await channel.cancel(consumerTag))
    },
    { apart: true },
  )

  return {
    name: 'channels',
    start() {},
    stop: lane.leave,
    last: () => last,
    isFull: () => !isReady || size >= MAX_SUBSCRIBERS,
    join({ channel, after, push }) {
      const subscribers = byChannel.get(channel) ?? new Set()
      const mine = { after, push }
      byChannel.set(channel, subscribers.add(mine))
      size += 1
      return () => {
        if (!subscribers.delete(mine)) return
        size -= 1
        if (subscribers.size === 0) byChannel.delete(channel)
      }
    },
  }
}
