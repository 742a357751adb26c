/**
 * How a transport carries an event's attributes among its headers.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md
 */
export type Binding = 'http' | 'amqp'

export type Headers = Readonly<Record<string, unknown>>

/** What the names begin with. AMQP: as specified, for clients that allow no colon, and what Knative's brokers write. */
export type Prefix = 'ce-' | 'cloudEvents:' | 'cloudEvents_'

const PREFIXES: Readonly<Record<Binding, readonly Prefix[]>> = {
  http: ['ce-'],
  amqp: ['cloudEvents:', 'cloudEvents_', 'ce-'],
}

/** The prefix by which the headers tell of an event: one that names its specversion. */
export function prefixIn(headers: Headers, binding: Binding): Prefix | undefined {
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  return PREFIXES[binding].find((prefix) => names.includes(`${prefix}specversion`.toLowerCase()))
}

/** The attributes among the headers. Names of HTTP's are the same in any case. */
export function attributesFrom(headers: Headers, prefix: Prefix, binding: Binding): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [header, value] of Object.entries(headers)) {
    if (header.length <= prefix.length || !header.toLowerCase().startsWith(prefix.toLowerCase())) continue
    const name = header.slice(prefix.length)
    if (binding === 'http') found[name.toLowerCase()] = typeof value === 'string' ? decoded(value) : value
    else found[name] = timeOf(value) ?? value
  }
  return found
}

export function headersFor(attributes: Headers, prefix: Prefix, binding: Binding): Record<string, unknown> {
  const named = Object.entries(attributes).map(([name, value]) => [
    prefix + name,
    binding === 'http' ? encoded(String(value)) : value,
  ])
  return Object.fromEntries(named)
}

// HTTP binding §3.1.3.2: what is no visible ASCII, and the space, the quote and the percent sign.
function encoded(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x21\x23\x24\x26-\x7e]/gu, encodeURIComponent)
}

const ESCAPES = /(?:%[0-9a-f]{2})+/gi

/** Escapes that are none stay as they are; bytes that are no UTF-8 become U+FFFD. */
function decoded(text: string): string {
  return unquoted(text).replaceAll(ESCAPES, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  )
}

// The same section: a value in double quotes, as HTTP/1.1 allows.
function unquoted(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : text
}

/** AMQP's own time, as the client library gives it: in seconds. Undefined for anything else. */
function timeOf(value: unknown): string | undefined {
  if (value instanceof Date) return isoTime(value.getTime())
  if (typeof value !== 'object' || value === null || !('!' in value) || value['!'] !== 'timestamp') return undefined
  return 'value' in value && typeof value.value === 'number' ? isoTime(value.value * 1_000) : undefined
}

function isoTime(ms: number): string | undefined {
  const time = new Date(ms)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}
