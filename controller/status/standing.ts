import type { Clock } from '#lib/clock.ts'
import type { ManagedObject } from '../api/objects.ts'
import type { Progress } from '../publish/progress.ts'
import type { ItemRef, Verdict } from '../translate/outcome.ts'

/** How an object's items stand, in time: what is behind now may only be on its way. */
export interface Standing {
  /** Replicas may still be on their way: a new verdict waits, the last one stands. */
  readonly settling: boolean
  /** Replicas that were there may be coming back: their count stands. */
  readonly shrinking: boolean
  /** When time alone ends this, monotonic milliseconds; undefined when only an event can change it. */
  readonly until: number | undefined
  /** Changes when anything does that a status could tell of. */
  readonly key: string
}

export interface Standings {
  readonly of: (object: ManagedObject, items: readonly ItemRef[], progress: Progress) => Standing
  /** Forgets all objects but these. */
  readonly keepOnly: (verdicts: Iterable<Verdict>) => void
  /** After a start or a change of leader replicas are still finding their way here: all are given their time anew. */
  readonly restart: () => void
}

export function createStandings({ settleMs, clock }: { settleMs: number; clock: Clock }): Standings {
  /** Since when each object's items are behind, monotonic milliseconds, by UID. */
  const behindSince = new Map<string, number>()
  let restartedAt = clock.monotonic()

  return {
    of(object, items, { acked, total, without, refusal }) {
      const { uid } = object.metadata
      const now = clock.monotonic()
      const told = object.status?.replicas?.total ?? 0
      const early = now - restartedAt < settleMs
      const shrunk = total < told
      // So early a replica that nobody told of may be missing unseen: that all who are here serve it proves nothing.
      const unproven = early && told === 0 && items.length > 0
      const complete = without.length === 0 && acked === total
      const behind = !complete || shrunk
      if (!behind) behindSince.delete(uid)
      // Kept until what was told has caught up: asked again before that, it must not be young again.
      else if (!behindSince.has(uid)) behindSince.set(uid, now)
      const since = behindSince.get(uid)
      const young = since !== undefined && now - since < settleMs
      const settling = unproven || (young && (!complete || early))
      const shrinking = young && shrunk
      const ends = [...(young ? [since + settleMs] : []), ...(unproven ? [restartedAt + settleMs] : [])]
      return {
        settling,
        shrinking,
        until: ends.length > 0 ? Math.min(...ends) : undefined,
        key: `${acked}/${total} ${without} ${refusal} ${settling} ${shrinking}`,
      }
    },
    keepOnly(verdicts) {
      if (behindSince.size === 0) return
      const uids = new Set<string>()
      for (const { object } of verdicts) uids.add(object.metadata.uid)
      for (const uid of behindSince.keys()) if (!uids.has(uid)) behindSince.delete(uid)
    },
    restart() {
      behindSince.clear()
      restartedAt = clock.monotonic()
    },
  }
}
