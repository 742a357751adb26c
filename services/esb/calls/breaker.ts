/**
 * Keeps calls from a service that fails.
 *
 *   closed ──`after` failures in a row──► open ──`openMs`──► half open: one call ──ok──► closed
 *                                          ▲                                └──failed──┐
 *                                          └───────────────────────────────────────────┘
 */
export interface Breaker {
  /** Milliseconds until a call may be made; 0 = now, and the caller tells its end. */
  readonly closedFor: (now: number) => number
  readonly tell: (ok: boolean, now: number) => void
}

export interface BreakerRule {
  readonly after: number
  readonly openMs: number
}

export function createBreaker({ after, openMs }: BreakerRule): Breaker {
  let failures = 0
  let openUntil = 0
  let probing = false
  return {
    closedFor(now) {
      if (failures < after) return 0
      if (now < openUntil) return openUntil - now
      if (probing) return openMs
      probing = true
      return 0
    },
    tell(ok, now) {
      probing = false
      failures = ok ? 0 : failures + 1
      if (failures >= after) openUntil = now + openMs
    },
  }
}
