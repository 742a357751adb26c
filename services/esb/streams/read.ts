import type { ConfirmChannel, ConsumeMessage } from '#lib/amqp.ts'

/** A place in a stream: an offset, its oldest message, its last chunk, or what came since a time. https://www.rabbitmq.com/docs/streams#consuming */
export type Place = number | 'first' | 'last' | { readonly seconds: number }

export interface Reading {
  readonly stream: string
  readonly from: Place
  readonly prefetch?: number
  /** Ends the reading. */
  readonly signal: AbortSignal
  /** Called once the broker has begun to give. */
  readonly begun?: () => void
}

/** Takes one message; `true` when it was the last that is wanted. The next but `prefetch` is given once it has answered. */
export type Take = (message: ConsumeMessage, offset: number) => boolean | Promise<boolean>

/**
 * Reads a stream to where `take` has enough, or until the signal; no broker tells where a stream ends. Rejects when the stream
 * goes out of sight, and with what `take` throws. Needs a channel of its own: a stream gives nothing without a prefetch.
 */
export async function readStream(
  channel: ConfirmChannel,
  { stream, from, prefetch = 200, signal, begun }: Reading,
  take: Take,
): Promise<void> {
  if (signal.aborted) return
  const end = Promise.withResolvers<void>()
  // The channel may be lost before anybody waits for that: what waits then is told of it by the channel itself.
  end.promise.catch(() => {})
  const lost = () => end.reject(new Error(`${stream} is out of sight: its channel was closed`))
  let isOver = false
  function stop(): void {
    isOver = true
    end.resolve()
  }

  async function taken(message: ConsumeMessage): Promise<void> {
    if (isOver) return
    const answer = take(message, offsetOf(message))
    const isLast = typeof answer === 'boolean' ? answer : await answer
    if (isOver) return
    // It gives more for each ack, and takes nothing away.
    channel.ack(message)
    if (isLast) stop()
  }

  channel.once('close', lost)
  signal.addEventListener('abort', stop)
  try {
    await channel.prefetch(prefetch)
    const { consumerTag } = await channel.consume(
      stream,
      (message) => {
        if (message === null) end.reject(new Error(`${stream} was deleted, or moved`))
        else taken(message).catch(end.reject)
      },
      { arguments: { 'x-stream-offset': placed(from) } },
    )
    begun?.()
    await end.promise
    await channel.cancel(consumerTag)
  } finally {
    isOver = true
    channel.off('close', lost)
    signal.removeEventListener('abort', stop)
  }
}

export function offsetOf({ properties }: Pick<ConsumeMessage, 'properties'>): number {
  return Number(properties.headers?.['x-stream-offset'])
}

// A number would be an offset.
function placed(from: Place): unknown {
  return typeof from === 'object' ? { '!': 'timestamp', value: Math.max(0, Math.floor(from.seconds)) } : from
}
