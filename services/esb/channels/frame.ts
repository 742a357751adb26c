import type { ConsumeMessage } from '#lib/amqp.ts'
import { CHANNEL, sendersHeaders } from '../envelope/headers.ts'
import { shownBody } from '../http/shown.ts'

/** What subscribers get: one JSON object a message. `offset` is where it stands in the log of all channels. */
export interface Frame {
  readonly offset: number
  readonly id?: string
  readonly channel: string
  readonly type?: string
  /** ISO 8601; the sender's. */
  readonly time?: string
  readonly contentType?: string
  /** CloudEvents attributes, the trace, and whatever else the sender wrote. */
  readonly headers?: Readonly<Record<string, unknown>>
  /** A JSON value, or text. */
  readonly data?: unknown
  /** Of bodies that are neither. */
  readonly dataBase64?: string
}

/** `namespace/channel` that a message goes to. */
export function channelOf({ properties }: Pick<ConsumeMessage, 'properties'>): string | undefined {
  const channel: unknown = properties.headers?.[CHANNEL]
  return typeof channel === 'string' ? channel : undefined
}

export function frameOf(offset: number, channel: string, { properties, content }: ConsumeMessage): Frame {
  const { messageId, type, timestamp, contentType, contentEncoding } = properties
  const headers = sendersHeaders(properties.headers ?? {})
  const shown = shownBody({ body: content, contentType, contentEncoding }, Number.POSITIVE_INFINITY)
  return {
    offset,
    ...(messageId !== undefined && { id: String(messageId) }),
    // The namespace is the subscriber's own.
    channel: channel.slice(channel.indexOf('/') + 1),
    ...(type !== undefined && { type: String(type) }),
    ...(isTime(timestamp) && { time: new Date(timestamp * 1_000).toISOString() }),
    ...(contentType !== undefined && { contentType: String(contentType) }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...('bodyBase64' in shown ? { dataBase64: shown.bodyBase64 } : { data: shown.body }),
  }
}

/** Seconds that a Date can hold: a sender may write any number. */
function isTime(timestamp: unknown): timestamp is number {
  return typeof timestamp === 'number' && Math.abs(timestamp) <= 8_640_000_000_000
}
