import type { Message } from './message.ts'

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md: context attributes, extensions among them. */
export type EventAttributes = Readonly<Record<string, string | number | boolean>>

/** How a message carries its event: attributes among the headers, in an envelope around the data, or it is none. */
export type EventMode = 'plain' | 'binary' | 'structured'

type Headers = Readonly<Record<string, unknown>>

export const STRUCTURED_TYPE = 'application/cloudevents+json; charset=utf-8'

const IS_STRUCTURED = /^application\/cloudevents\+json\s*(?:;|$)/i
// The AMQP binding, how clients that allow no colon write it, and what Knative's brokers write.
const PREFIXES = ['cloudEvents:', 'cloudEvents_', 'ce-'] as const
const NAME = /^[a-z0-9]+$/
const REQUIRED = ['specversion', 'id', 'source', 'type'] as const

export function modeOf({ contentType, headers }: Pick<Message, 'contentType' | 'headers'>): EventMode {
  if (contentType !== undefined && IS_STRUCTURED.test(contentType)) return 'structured'
  return prefixOf(headers) === undefined ? 'plain' : 'binary'
}

/** What its attributes begin with, where there are all that an event must have. */
function prefixOf(headers: Headers): string | undefined {
  return PREFIXES.find((prefix) => REQUIRED.every((name) => isText(headers[prefix + name])))
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/** The attributes of an event in binary mode. The type of its data is the message's own. */
export function attributesIn({ headers, contentType }: Pick<Message, 'contentType' | 'headers'>): EventAttributes {
  const prefix = prefixOf(headers) ?? PREFIXES[0]
  const attributes: Record<string, string | number | boolean> = {}
  for (const [header, value] of Object.entries(headers)) {
    const attribute = isAttribute(header, prefix) ? attributeValue(value) : undefined
    if (attribute !== undefined) attributes[header.slice(prefix.length)] = attribute
  }
  return contentType === undefined ? attributes : { ...attributes, datacontenttype: contentType }
}

/** Headers with other attributes than they had, by the prefix that they had. */
export function withAttributes(headers: Headers, { datacontenttype: _type, ...attributes }: EventAttributes): Headers {
  const prefix = prefixOf(headers) ?? PREFIXES[0]
  const named = Object.entries(attributes).map(([name, value]) => [prefix + name, value])
  return { ...withoutAttributes(headers), ...Object.fromEntries(named) }
}

export function withoutAttributes(headers: Headers): Headers {
  const prefix = prefixOf(headers)
  if (prefix === undefined) return headers
  return Object.fromEntries(Object.entries(headers).filter(([header]) => !isAttribute(header, prefix)))
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values */
export function httpHeaders({
  datacontenttype: _type,
  ...attributes
}: EventAttributes): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, headerText(value)]))
}

/** An attribute as HTTP carries it: what is no visible ASCII is percent-encoded. */
export function headerText(value: string | number | boolean): string {
  return String(value)
    .toWellFormed()
    .replace(/[^\x21\x23\x24\x26-\x7e]/gu, encodeURIComponent)
}

export type Envelope =
  | { readonly ok: true; readonly event: EventAttributes; readonly data: unknown; readonly base64?: string }
  | { readonly ok: false; readonly why: string }

/** Takes an envelope apart. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
export function readEnvelope(value: unknown): Envelope {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, why: 'The body is no CloudEvent: it is no object' }
  const { data, data_base64: base64, ...rest } = value as Record<string, unknown>
  const event: Record<string, string | number | boolean> = {}
  for (const [name, given] of Object.entries(rest)) {
    const attribute = NAME.test(name) ? attributeValue(given) : undefined
    if (attribute !== undefined) event[name] = attribute
  }
  const missing = REQUIRED.find((name) => !isText(event[name]))
  if (missing !== undefined) return { ok: false, why: `The body is no CloudEvent: it has no ${missing}` }
  return { ok: true, event, data, ...(typeof base64 === 'string' && { base64 }) }
}

/** JSON text as it is, so that no number in it changes, or bytes in base64. */
export type EnvelopeData = { readonly contentType: string } & ({ readonly json: string } | { readonly base64: string })

/** An envelope around data; there are events without. */
export function writeEnvelope(event: EventAttributes, data: EnvelopeData | undefined): Buffer {
  if (data === undefined) return Buffer.from(JSON.stringify(event))
  const attributes = JSON.stringify({ ...event, datacontenttype: data.contentType })
  const member = 'json' in data ? `"data":${data.json}` : `"data_base64":"${data.base64}"`
  return Buffer.from(`${attributes.slice(0, -1)},${member}}`)
}

function isAttribute(header: string, prefix: string): boolean {
  return header.startsWith(prefix) && NAME.test(header.slice(prefix.length))
}

function attributeValue(value: unknown): string | number | boolean | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return timeOf(value)
}

// How the client library gives AMQP's own timestamps, which have seconds.
function timeOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('!' in value) || value['!'] !== 'timestamp') return undefined
  return 'value' in value && typeof value.value === 'number' ? isoTime(value.value) : undefined
}

/** Undefined for what is no time that ISO 8601 can write. */
export function isoTime(seconds: number): string | undefined {
  const time = new Date(seconds * 1_000)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}
