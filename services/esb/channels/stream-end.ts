import type { ConfirmChannel, ConsumeMessage } from '#lib/amqp.ts'

/** What one offset of a stream holds. */
export interface Entry {
  readonly offset: number
  readonly message: ConsumeMessage
}

/** Without a word from the broker for so long, a stream has no more to give. */
export const IDLE_MS = 500
const PREFETCH = 200

/**
 * The newest messages of a stream, oldest first. No broker tells where a stream ends; what it gives last of all is its last
 * chunk, and from there one goes back as far as is asked for.
 */
export async function newestOf(channel: ConfirmChannel, stream: string, limit: number): Promise<readonly Entry[]> {
  const last = await lastChunk(channel, stream)
  const end = last.at(-1)?.offset
  const first = last[0]?.offset
  if (end === undefined || first === undefined) return []
  const start = Math.max(0, end - limit + 1)
  const before = first <= start ? [] : await readFrom(channel, stream, start, { until: first - 1 })
  return [...before, ...last].slice(-limit)
}

/** The last messages of a stream, oldest first; none when it is empty, or silent for `idleMs`. */
export async function lastChunk(channel: ConfirmChannel, stream: string, idleMs = IDLE_MS): Promise<readonly Entry[]> {
  await channel.prefetch(PREFETCH)
  return readFrom(channel, stream, 'last', { idleMs })
}

/** Reads from an offset until that of `until`, or until nothing more comes. */
async function readFrom(
  channel: ConfirmChannel,
  stream: string,
  offset: number | 'last',
  { until = Number.POSITIVE_INFINITY, idleMs = IDLE_MS },
): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  const over = Promise.withResolvers<void>()
  let idle = setTimeout(over.resolve, idleMs)
  channel.once('close', over.resolve)
  const take = (message: ConsumeMessage): void => {
    clearTimeout(idle)
    idle = setTimeout(over.resolve, idleMs)
    // A stream gives more for each ack: it takes nothing away.
    channel.ack(message)
    const at = offsetOf(message)
    if (at <= until) entries.push({ offset: at, message })
    if (at >= until) over.resolve()
  }
  const { consumerTag } = await channel.consume(
    stream,
    (message) => (message === null ? over.resolve() : take(message)),
    { arguments: { 'x-stream-offset': offset } },
  )
  await over.promise
  clearTimeout(idle)
  channel.off('close', over.resolve)
  await channel.cancel(consumerTag)
  return entries
}

export function offsetOf({ properties }: Pick<ConsumeMessage, 'properties'>): number {
  return Number(properties.headers?.['x-stream-offset'])
}
