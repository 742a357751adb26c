import type { MessageFormat } from '#lib/model/esb.ts'
import { sendersHeaders } from '../envelope/headers.ts'
import { type Encoded, isEncoded, isJson, typeOf } from './body.ts'
import type { Content } from './content.ts'
import {
  type EnvelopeData,
  type EventAttributes,
  type EventMode,
  isoTime,
  STRUCTURED_TYPE,
  withAttributes,
  withoutAttributes,
  writeEnvelope,
} from './event.ts'
import { Halt } from './failure.ts'
import type { Workshop } from './stage.ts'
import type { Work } from './work.ts'

/** A message as a destination wants it. */
export interface Formatted {
  readonly encoded: Encoded
  readonly headers: Readonly<Record<string, unknown>>
  /** Attributes that are not in the body: of an event in binary mode. */
  readonly event?: EventAttributes | undefined
}

const MODES: Readonly<Record<Exclude<MessageFormat, 'AsReceived'>, EventMode>> = {
  Plain: 'plain',
  CloudEventsBinary: 'binary',
  CloudEventsStructured: 'structured',
}

/** `id` is that of the delivery: a plain message that becomes an event takes it for its own. */
export function formatted(work: Work, format: MessageFormat, id: string, workshop: Workshop): Formatted {
  const { content } = work
  const headers = sendersHeaders(work.message.headers)
  const mode = format === 'AsReceived' ? content.mode : MODES[format]
  if (mode === content.mode && (mode === 'plain' || content.received))
    return {
      encoded: content.received ?? content.data(),
      headers,
      event: mode === 'binary' ? content.event() : undefined,
    }
  if (mode === 'plain') return { encoded: content.data(), headers: withoutAttributes(headers) }
  const event = content.event() ?? newEvent(work, id, workshop)
  if (mode === 'binary') return { encoded: content.data(), headers: withAttributes(headers, event), event }
  const body = writeEnvelope(event, dataOf(content))
  return { encoded: { body, contentType: STRUCTURED_TYPE }, headers: withoutAttributes(headers) }
}

function newEvent({ message }: Work, id: string, { namespace, object }: Workshop): EventAttributes {
  const time = message.timestamp === undefined ? undefined : isoTime(message.timestamp)
  return {
    specversion: '1.0',
    id,
    source: `/soaplane/${namespace}/${object}`,
    type: message.type || `${namespace}.${object}`,
    ...(time !== undefined && { time }),
  }
}

function dataOf(content: Content): EnvelopeData | undefined {
  const { body, contentType, contentEncoding } = content.data()
  if (isEncoded(contentEncoding))
    throw new Halt('Unreadable', `A body in ${contentEncoding} cannot be the data of a structured CloudEvent`)
  const value = content.value()
  if (value === undefined && body.length === 0) return undefined
  if (value === undefined)
    return { contentType: contentType ?? 'application/octet-stream', base64: body.toString('base64') }
  const type = contentType ?? typeOf(value)
  if (!isJson(type)) return { contentType: type, json: JSON.stringify(value) }
  // Without a byte order mark, which JSON in the middle of JSON cannot have.
  return { contentType: type, json: body.toString().replace(/^\uFEFF/, '') }
}
