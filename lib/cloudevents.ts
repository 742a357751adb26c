import { type Attributes, checked } from './cloudevents/attributes.ts'
import { attributesFrom, type Binding, type Headers, headersFor, type Prefix, prefixIn } from './cloudevents/binding.ts'
import { essenceOf, isJson, isText } from './cloudevents/media-type.ts'

export type { Attributes } from './cloudevents/attributes.ts'
export type { Binding, Prefix } from './cloudevents/binding.ts'

/** CloudEvents 1.0.2. The type of the data is the attribute `datacontenttype`. */
export interface CloudEvent {
  readonly attributes: Attributes
  /** A JSON value, text, or a Buffer of bytes that are neither; undefined = there is none. */
  readonly data?: unknown
}

export type ReadEvent = CloudEvent & {
  readonly mode: 'structured' | 'binary'
  readonly dataContentType?: string
}

/** A message as its transport has it. */
export interface Carrier {
  readonly contentType?: string | undefined
  readonly headers: Headers
  readonly body: Buffer
}

export const STRUCTURED_TYPE = 'application/cloudevents+json; charset=utf-8'

/** The event in a message; a fault when it says that it is one and is not; undefined when it does not say so. */
export function readEvent(message: Carrier, binding: Binding): ReadEvent | { readonly fault: string } | undefined {
  const type = essenceOf(message.contentType)
  if (type === 'application/cloudevents+json') return readStructured(message.body)
  if (type.startsWith('application/cloudevents')) return { fault: `${type}: only single events in JSON are read` }
  const prefix = prefixIn(message.headers, binding)
  return prefix === undefined ? undefined : readBinary(message, prefix, binding)
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
function readStructured(body: Buffer): ReadEvent | { readonly fault: string } {
  const parsed = parsedFrom(body)
  if ('fault' in parsed) return parsed
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { fault: 'the event is no JSON object' }
  const { data, data_base64: base64, ...found } = value as Record<string, unknown>
  const result = checked(found)
  if ('fault' in result) return result
  const bytes = base64 === undefined || base64 === null ? undefined : bytesOf(base64)
  if (bytes !== undefined && data !== undefined) return { fault: 'data: there is data_base64 as well' }
  if (bytes === 'invalid') return { fault: 'data_base64: must be text in base64' }
  return event('structured', result.attributes, bytes ?? data)
}

function readBinary(message: Carrier, prefix: Prefix, binding: Binding): ReadEvent | { readonly fault: string } {
  const { datacontenttype: _none, ...found } = attributesFrom(message.headers, prefix, binding)
  const { contentType, body } = message
  const result = checked({ ...found, datacontenttype: contentType })
  if ('fault' in result) return result
  if (body.length === 0) return event('binary', result.attributes, undefined)
  if (contentType === undefined) return event('binary', result.attributes, body)
  if (isJson(contentType)) {
    const parsed = parsedFrom(body)
    return 'fault' in parsed ? parsed : event('binary', result.attributes, parsed.value)
  }
  return event('binary', result.attributes, isText(contentType) ? body.toString('utf8') : body)
}

function event(mode: ReadEvent['mode'], attributes: Attributes, data: unknown): ReadEvent {
  const dataContentType = attributes.datacontenttype as string | undefined
  return {
    mode,
    attributes,
    ...(data !== undefined && { data }),
    ...(dataContentType !== undefined && { dataContentType }),
  }
}

function parsedFrom(body: Buffer): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(body.toString('utf8')) }
  } catch {
    return { fault: 'the body is no JSON' }
  }
}

function bytesOf(base64: unknown): Buffer | 'invalid' {
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(base64)) return 'invalid'
  return Buffer.from(base64, 'base64')
}

export interface Written {
  readonly contentType?: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

/** The event as one JSON object. Bytes are written in base64. */
export function writeStructured({ attributes, data }: CloudEvent): Written {
  const member = Buffer.isBuffer(data) ? { data_base64: data.toString('base64') } : { data }
  return {
    contentType: STRUCTURED_TYPE,
    headers: {},
    body: Buffer.from(JSON.stringify({ ...attributes, ...member })),
  }
}

/** The data as the body, the attributes among the headers. Over HTTP the prefix is `ce-`. */
export function writeBinary(
  { attributes, data }: CloudEvent,
  binding: Binding,
  prefix: Prefix = binding === 'http' ? 'ce-' : 'cloudEvents:',
): Written {
  const { datacontenttype, ...others } = attributes
  const type = (datacontenttype as string | undefined) ?? typeOf(data)
  return {
    ...(type !== undefined && { contentType: type }),
    headers: headersFor(others, prefix, binding),
    body: bodyOf(data, type),
  }
}

/** In binary mode nothing says that data is JSON, unless its type does. */
function typeOf(data: unknown): string | undefined {
  return data === undefined || Buffer.isBuffer(data) ? undefined : 'application/json'
}

function bodyOf(data: unknown, type: string | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(0)
  if (Buffer.isBuffer(data)) return data
  if (typeof data === 'string' && type !== undefined && !isJson(type)) return Buffer.from(data)
  return Buffer.from(JSON.stringify(data))
}
