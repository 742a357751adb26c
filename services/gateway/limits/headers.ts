import type { RateLimit } from '#lib/model/gateway.ts'
import type { Verdict } from './decide.ts'

/**
 * Response fields of draft-ietf-httpapi-ratelimit-headers-11: Lists of Strings with parameters (RFC 9651).
 * `q` requests per `w` seconds are the policy; `r` are left now, and in `t` seconds there will be more.
 */
export interface LimitText {
  readonly policy: string
  /** The state up to its `r`. */
  readonly head: string
}

const texts = new WeakMap<RateLimit, LimitText>()

/** What stays the same in a limit's fields, made once for each limit. */
export function textOf(limit: RateLimit): LimitText {
  const known = texts.get(limit)
  if (known !== undefined) return known
  const quoted = `"${limit.name.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`
  const text = { policy: `${quoted};q=${limit.limit};w=${seconds(limit.periodMs)}`, head: `${quoted};r=` }
  texts.set(limit, text)
  return text
}

/** One member of RateLimit. */
export function stateOf({ head }: LimitText, { remaining, waitMs }: Pick<Verdict, 'remaining' | 'waitMs'>): string {
  return `${head}${remaining};t=${seconds(waitMs)}`
}

/** Whole seconds, rounded up: whoever waits them is not too early. A microsecond more is an artefact of addition. */
export function seconds(ms: number): number {
  return Math.max(0, Math.ceil((ms - 0.001) / 1_000))
}

/** For Retry-After: at least 1, since 0 would ask for the next refusal. */
export function retryAfter(waitMs: number): string {
  return String(Math.max(1, seconds(waitMs)))
}
