import type { IncomingHttpHeaders } from 'node:http'
import { durationMs } from '#lib/model/duration.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import { isJson } from '../http/shown.ts'
import type { Message } from '../mediations/message.ts'
import { headersFromHttp } from './events.ts'

export const MAX_WAIT_MS = 60_000
const MAX_TEXT = 200
const VISIBLE = /^[\x21-\x7e]+$/

/** A request to take a message, before anything was looked at. */
export interface Request {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Where a message enters: what it says about itself when no broker has carried it yet. */
export interface Entry {
  readonly exchange: string
  readonly key: string
  /** For a message that brings none. */
  readonly freshId: () => string
  /** Milliseconds since the epoch. */
  readonly now: number
}

export type Admitted = { readonly ok: true; readonly message: Message } | Refusal

/** Makes a message of a request, the body byte for byte; refuses at the door what would fail at the first step. */
export function admit(request: Request, { exchange, key, freshId, now }: Entry): Admitted {
  const { headers, body } = request
  const fault = checks.map((check) => check(request)).find((found) => found !== undefined)
  if (fault !== undefined) return fault
  const type = headerIn(headers, 'x-message-type')
  const message: Message = {
    id: headerIn(headers, 'idempotency-key') ?? freshId(),
    ...{ exchange, key, body },
    timestamp: Math.floor(now / 1_000),
    headers: headersFromHttp(headers),
    ...(headers['content-type'] !== undefined && { contentType: headers['content-type'] }),
    ...(headers['content-encoding'] !== undefined && { contentEncoding: headers['content-encoding'] }),
    ...(type !== undefined && { type }),
  }
  return { ok: true, message }
}

type Check = (request: Request) => Refusal | undefined

const checks: readonly Check[] = [
  textIsShortAndVisible('idempotency-key'), // it becomes the message's id, which AMQP has as a short string
  textIsShortAndVisible('x-message-type'),
  mediaTypeIsShort, // a short string too
  jsonParses, // last: the only one that costs
]

function textIsShortAndVisible(name: string): Check {
  return ({ headers }) => {
    const value = headerIn(headers, name)
    if (value === undefined || (value.length <= MAX_TEXT && VISIBLE.test(value))) return undefined
    return refusal(400, 'HeaderInvalid', `${name}: give 1 to ${MAX_TEXT} visible ASCII characters`)
  }
}

function mediaTypeIsShort({ headers }: Request): Refusal | undefined {
  const long = (['content-type', 'content-encoding'] as const).find((name) => (headers[name]?.length ?? 0) > MAX_TEXT)
  return long && refusal(400, 'HeaderInvalid', `${long}: give at most ${MAX_TEXT} characters`)
}

function jsonParses({ headers, body }: Request): Refusal | undefined {
  if (!isJson(headers['content-type']) || headers['content-encoding'] !== undefined) return undefined
  try {
    // RFC 8259 §8.1: JSON between systems is UTF-8.
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return undefined
  } catch {
    return refusal(400, 'Unreadable', `The body is not the JSON that its Content-Type says`)
  }
}

function headerIn(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** How long a client waits for a reply: 0 when it does not; undefined when what it says is no such duration. */
export function waitMs(text: string | undefined): number | undefined {
  if (text === undefined) return 0
  const ms = durationMs(text)
  return ms !== undefined && ms <= MAX_WAIT_MS ? ms : undefined
}
