import type { Refusal } from '../answers/refusal.ts'

/** What is known of a request when its upstream failed before it answered. */
export interface Attempt {
  readonly method: string
  readonly hasBody: boolean
  /** Bytes of the body were taken from the client, so they cannot be sent again. */
  readonly isBodyTouched: boolean
  /** Tries so far, this one included. */
  readonly tries: number
}

/** Three at most: the first and two more, each at another endpoint if there is one. */
const MAX_TRIES = 3

/** Codes of undici and libuv after which the upstream cannot have seen the request. */
const NOTHING_SENT = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
])

/** Codes of a connection that ended under the request: often one that the server had just closed for being idle. */
const CONNECTION_ENDED = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** RFC 9110 §9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * Whether the request may be sent again: always when nothing of it was (RFC 9112 §9.3.1 leaves that to everyone), and when
 * the connection ended only if the method is idempotent and there is no body (RFC 9110 §9.2.2 forbids a proxy the rest).
 */
export function mayRetry(code: string, { method, hasBody, isBodyTouched, tries }: Attempt): boolean {
  if (tries >= MAX_TRIES) return false
  if (NOTHING_SENT.has(code)) return !isBodyTouched
  return CONNECTION_ENDED.has(code) && IDEMPOTENT.has(method) && !hasBody
}

export function codeOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  if (typeof code === 'string') return code
  return cause === undefined ? 'UNKNOWN' : codeOf(cause)
}

interface Answer {
  readonly status: 502 | 503 | 504
  readonly reason: string
  readonly detail: string
  /** RFC 9209 §2.3. */
  readonly proxyError: string
}

const TIMED_OUT: Answer = {
  status: 504,
  reason: 'UpstreamTimeout',
  detail: 'The service did not answer in time',
  proxyError: 'http_response_timeout',
}

const ANSWERS = new Map<string, Answer>([
  ['UND_ERR_HEADERS_TIMEOUT', TIMED_OUT],
  ['UND_ERR_BODY_TIMEOUT', TIMED_OUT],
  [
    'UND_ERR_CONNECT_TIMEOUT',
    { ...TIMED_OUT, detail: 'The service could not be reached in time', proxyError: 'connection_timeout' },
  ],
])

/** What the client is told of an upstream that failed: what happened, not where. */
export function upstreamRefusal(code: string): Refusal {
  const { status, reason, detail, proxyError } = ANSWERS.get(code) ?? {
    status: 502,
    reason: 'UpstreamFailed',
    detail: NOTHING_SENT.has(code) ? 'The service could not be reached' : 'The service broke off or answered nonsense',
    proxyError: NOTHING_SENT.has(code) ? 'connection_refused' : 'connection_terminated',
  }
  return { status, reason, detail, fields: ['Proxy-Status', `soaplane; error=${proxyError}`] }
}
