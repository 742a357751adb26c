import type { Ask, Decide, Verdict } from './decide.ts'

/** A verdict, and where it comes from when the owner of the counter could not be asked. */
export interface Answer extends Verdict {
  /** What the limit's `onError` says; `relay`: asked on behalf of another replica, which has to judge. */
  readonly unasked?: 'local' | 'open' | 'closed' | 'relay'
}

/** When a limit that is closed is worth another try: by then a lost owner may be back or replaced. */
const RETRY_MS = 1_000

const OPEN: Answer = { ok: true, remaining: 0, waitMs: 0, stamp: undefined, unasked: 'open' }
const CLOSED: Answer = { ok: false, remaining: 0, waitMs: RETRY_MS, stamp: undefined, unasked: 'closed' }

/** For a peer's asks that could not be passed on. */
export const NOT_RELAYED: Answer = { ok: false, remaining: 0, waitMs: 0, stamp: undefined, unasked: 'relay' }

/**
 * Decides on counters whose owner cannot be asked, each as its limit's `onError` says; takes units of all or none, as ever.
 * `local` gives away this replica's share: N over the number of replicas, but 1 at least. While an owner is out of reach
 * a window may so see N + max(N, replicas): what the owner admits, or admitted before it was lost, and the shares.
 */
export function fallback(
  decide: Decide,
  asks: readonly Ask[],
  now: number,
  replicas: number,
): readonly (Answer | undefined)[] {
  const says = asks.map(({ counters }) => counters.limit().onError)
  const isShut = asks.some(({ counters }, i) => says[i] === 'closed' && counters.limit().mode === 'Enforce')
  const local = isShut
    ? []
    : decide(
        asks.filter((_, i) => says[i] === 'local'),
        now,
        replicas,
      )
  const locals = local.values()
  return says.map((say) => {
    if (say === 'open') return OPEN
    if (say === 'closed') return CLOSED
    const verdict = locals.next().value
    return verdict && { ...verdict, unasked: 'local' as const }
  })
}
