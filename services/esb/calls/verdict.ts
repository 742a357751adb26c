import type { Failure } from '../mediations/message.ts'

/** What a service's status means for the message: another try may help, or none will. Undefined: it took it. */
export function refusalOf(
  { status, retryAfter }: { readonly status: number; readonly retryAfter: string | undefined },
  serviceName: string,
  now: number,
): Failure | undefined {
  if (status >= 200 && status < 300) return undefined
  const message = `${serviceName} answered ${status}`
  if (!isPassing(status)) return { class: 'Permanent', reason: 'ServiceRefused', message }
  const retryAfterMs = waitAsked(retryAfter, now)
  return { class: 'Transient', reason: 'ServiceFailed', message, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

// Request timeout, too early, too many requests: the same request may do later. So may all that a server is to blame for, but
// for what it will never know how to do.
function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
}

const LONGEST_WAIT_MS = 3_600_000

/** Retry-After (RFC 9110 §10.2.3): seconds or a date. */
function waitAsked(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined
  const ms = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : dateIn(retryAfter) - now
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_WAIT_MS, Math.max(0, ms))
}

// Dates of HTTP begin with the day; Date.parse reads much else.
function dateIn(text: string): number {
  return /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN
}
