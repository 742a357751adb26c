import { randomUUID } from 'node:crypto'
import type { Amqp, ConsumeMessage } from '#lib/amqp.ts'
import type { Send } from '../routes/sender.ts'
import { type Place, readStream } from './read.ts'

export interface MarkedReading {
  readonly stream: string
  readonly from: Place
  readonly timeoutMs: number
}

/** AMQP's `type` of a message that says nothing but how far a reader has to read. */
const MARK = 'soa-mark'

/**
 * Reads all that was in a stream when it was asked for. Silence is no proof that there is no more, since a slow broker is silent,
 * too: a mark is written, and read up to. Rejects when that takes too long.
 */
export async function readAll(
  { consuming, send }: { readonly consuming: Pick<Amqp, 'once'>; readonly send: Send },
  { stream, from, timeoutMs }: MarkedReading,
  take: (message: ConsumeMessage) => void,
): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  const messageId = randomUUID()
  const mark = { exchange: '', routingKey: stream, content: Buffer.alloc(0), messageId, properties: { type: MARK } }
  const sent = await send(mark, signal)
  if (!sent.sent) throw new Error(`${stream} takes no mark: ${sent.message}`)
  await consuming.once((channel) =>
    readStream(channel, { stream, from, signal }, (message) => {
      if (!isMark(message)) take(message)
      return message.properties.messageId === messageId
    }),
  )
  if (signal.aborted) throw new Error(`${stream} was not read to its end in time`)
}

export function isMark({ properties }: Pick<ConsumeMessage, 'properties'>): boolean {
  return properties.type === MARK
}
