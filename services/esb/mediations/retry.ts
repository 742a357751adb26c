import type { RetryRule } from '#lib/model/esb.ts'
import type { Failure } from './message.ts'

/** What becomes of a message after a failure. */
export type Next =
  | { readonly next: 'retry' /** Milliseconds from now. */; readonly delayMs: number }
  | { readonly next: 'dead' }

/** What is left of a wait is passed in the process when it is no longer than this. */
export const SHORT_WAIT_MS = 1_000

/**
 * Another try while there are any left and another may help: after `base`, doubled each time up to `max`, later still where
 * a service asked for it. Spread by at most a second, so that what failed together does not come back together.
 */
export function afterFailure(rule: RetryRule, attempt: number, failure: Failure, random: () => number): Next {
  if (failure.class === 'Permanent' || attempt >= rule.attempts) return { next: 'dead' }
  const grown = Math.min(rule.maxMs, rule.baseMs * 2 ** Math.min(attempt - 1, 40))
  const asked = Math.max(grown, failure.retryAfterMs ?? 0)
  return { next: 'retry', delayMs: Math.round(asked + random() * Math.min(1_000, asked / 4)) }
}

/**
 * The delay queue for a wait: the longest of 2^k seconds that is not longer than it, the last for what is longer still. The
 * rest takes further laps; a wait under a second takes one too, for there is no shorter queue.
 */
export function delayLevel(waitMs: number, levels: number): number {
  if (waitMs < 2_000) return 0
  return Math.min(levels - 1, Math.floor(Math.log2(waitMs / 1_000)))
}
