import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { headerText } from '../mediations/event.ts'

/** Prefix of CloudEvents attributes among the headers of AMQP. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md */
const AMQP_PREFIX = 'cloudEvents:'
const HTTP_PREFIX = 'ce-'

/**
 * The headers of a message that came over HTTP: CloudEvents attributes and the trace, nothing else. What a proxy, a browser
 * or a login adds to a request is nothing for a queue.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values
 */
export function headersFromHttp(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const taken: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') continue
    if (name === 'traceparent' || name === 'tracestate') taken[name] = value
    else if (name.startsWith(HTTP_PREFIX) && name.length > HTTP_PREFIX.length)
      taken[AMQP_PREFIX + name.slice(HTTP_PREFIX.length)] = decoded(value)
  }
  return taken
}

/** The way back: a reply that is a CloudEvent is one over HTTP too. */
export function headersToHttp(headers: Readonly<Record<string, unknown>>): OutgoingHttpHeaders {
  const given: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    const [, attribute] = /^(?:cloudEvents[:_]|ce-)([a-z0-9]{1,64})$/.exec(name) ?? []
    if (attribute !== undefined && ['string', 'number', 'boolean'].includes(typeof value))
      given[HTTP_PREFIX + attribute] = headerText(value as string | number | boolean)
  }
  return given
}

// A value that is not percent-encoded properly is taken as it stands.
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
