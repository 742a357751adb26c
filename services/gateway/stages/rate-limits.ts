import type { RateLimit } from '#lib/model/gateway.ts'
import type { Refusal } from '../answers/refusal.ts'
import type { Admission, Limiter } from '../limits/contract.ts'
import type { Passage, Stage } from '../pipeline.ts'

/** DESIGN §1 row 9. */
const EXCEEDED = 'Rate limit exceeded. Please try again later.'

/** All limits of a route together: admitted by each, or counted by none. */
export function rateLimits(limits: readonly RateLimit[], limiter: Limiter): Stage {
  return {
    place: 'limits',
    judge(passage) {
      const admission = limiter.admit(limits, passage.subject)
      return admission instanceof Promise
        ? admission.then((late) => concluded(late, passage))
        : concluded(admission, passage)
    },
  }
}

function concluded(
  { admitted, headers, violated, unasked = [] }: Admission,
  { responseFields }: Passage,
): Refusal | undefined {
  for (const each of headers) responseFields.push(each)
  if (admitted) return undefined
  // Nobody has counted too many: their owner cannot be asked, and `onError: Closed` refuses on its behalf.
  return violated.every((name) => unasked.includes(name)) ? UNCOUNTED : TOO_MANY
}

const TOO_MANY: Refusal = { status: 429, reason: 'RateLimited', detail: EXCEEDED, text: EXCEEDED }

const UNCOUNTED: Refusal = {
  status: 503,
  reason: 'RateLimitUnavailable',
  detail: 'The rate limit of this route cannot be counted now; try again in a second',
}
