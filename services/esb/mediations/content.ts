import { decode, type Encoded, encode, isJson, typeOf } from './body.ts'
import { attributesIn, type EventAttributes, type EventMode, modeOf, readEnvelope } from './event.ts'
import { Halt } from './failure.ts'
import type { Message } from './message.ts'

/** What a message says at some point of its way: read when something first looks at it, written when it first leaves. */
export interface Content {
  readonly mode: EventMode
  readonly contentType: string | undefined
  /** As it was received; none once a step made something else of it. */
  readonly received?: Encoded
  /** What `$` is: of a CloudEvent its data. Throws a Halt where the body is not what its content type says. */
  readonly value: () => unknown
  /** What `$event` is; none for a plain message. */
  readonly event: () => EventAttributes | undefined
  /** The value in bytes, without an envelope. */
  readonly data: () => Encoded
}

/** As it was received: its bytes stay the very same. */
export function received(message: Message): Content {
  const { body, contentType, contentEncoding } = message
  const encoded: Encoded = {
    body,
    ...(contentType !== undefined && { contentType }),
    ...(contentEncoding !== undefined && { contentEncoding }),
  }
  const mode = modeOf(message)
  return mode === 'structured' ? structured(encoded) : bare(encoded, mode, message)
}

function bare(encoded: Encoded, mode: EventMode, message: Message): Content {
  return {
    ...{ mode, contentType: encoded.contentType, received: encoded, data: () => encoded },
    value: once(() => readable(encoded)),
    event: once(() => (mode === 'binary' ? attributesIn(message) : undefined)),
  }
}

function structured(encoded: Encoded): Content {
  const open = once(() => opened(encoded))
  return {
    ...{ mode: 'structured', contentType: encoded.contentType, received: encoded },
    value: () => open().value,
    event: () => open().event,
    data: () => open().data,
  }
}

/** Another value in place of what there was; of a CloudEvent, as its data. */
export function made(from: Content, value: unknown, contentType?: string): Content {
  return withEvent(from, from.event, value, contentType)
}

/** One of the values that a message was split into: an event of its own. */
export function part(from: Content, value: unknown, index: number): Content {
  const event = from.event()
  const own = event && { ...event, id: `${event.id}/${index}` }
  return withEvent(from, () => own, value)
}

/** What the messages of a group became: an event like the first, with the group's id. */
export function group(first: Content, value: unknown, id: string): Content {
  const event = first.event()
  const own = event && { ...event, id }
  return withEvent(first, () => own, value)
}

function withEvent({ mode }: Content, event: Content['event'], value: unknown, contentType?: string): Content {
  return {
    ...{ mode, contentType: contentType ?? typeOf(value), event },
    value: () => value,
    data: once(() => encode(value, contentType)),
  }
}

interface Opened {
  readonly event: EventAttributes
  readonly value: unknown
  readonly data: Encoded
}

function opened(encoded: Encoded): Opened {
  const envelope = readEnvelope(readable(encoded))
  if (!envelope.ok) throw new Halt('Unreadable', envelope.why)
  const { event, data, base64 } = envelope
  const contentType = typeof event.datacontenttype === 'string' ? event.datacontenttype : 'application/json'
  if (base64 !== undefined) {
    const bytes: Encoded = { body: Buffer.from(base64, 'base64'), contentType }
    return { event, value: readable(bytes), data: bytes }
  }
  if (data === undefined) return { event, value: undefined, data: { body: Buffer.alloc(0) } }
  if (typeof data !== 'string' && !isJson(contentType)) return { event, value: data, data: encode(data) }
  return { event, value: data, data: encode(data, contentType) }
}

function readable(encoded: Encoded): unknown {
  const decoded = decode(encoded)
  if (!decoded.ok) throw new Halt('Unreadable', decoded.why)
  return decoded.value
}

function once<T>(make: () => T): () => T {
  let answer: { readonly is: T } | undefined
  return () => {
    answer ??= { is: make() }
    return answer.is
  }
}
