/**
 * Which replicas are ahead of this one: already in a view that it has yet to hear of. Views have no numbers, since the
 * controllers that tell of them change; so a replica is ahead when its view is new here, or when it was level with this
 * one and has moved on (a view may come back: a replica joined and left again).
 *
 *      this one   ── V1 ───────────────────────────── V2 ──►
 *      another    ── V1 ── V2 ─── ahead of this one ── level ──►
 */
export interface Standing {
  /** This replica entered the view of that name. */
  readonly entered: (view: string) => void
  /** Another one said which view it is in. */
  readonly told: (replica: string, view: string) => void
  readonly isAhead: (replica: string) => boolean
  readonly forget: (replica: string) => void
}

/** Views remembered: replicas come and go in seconds, the news of it takes milliseconds. */
const MEMORY = 16

export function createStanding(): Standing {
  const views = new Map<string, string>()
  const level = new Set<string>()
  let passed: readonly string[] = []
  let own = ''

  return {
    entered(view) {
      passed = [...passed, own].slice(-MEMORY)
      own = view
      level.clear()
      for (const [id, theirs] of views) if (theirs === own) level.add(id)
    },
    told(id, view) {
      views.set(id, view)
      if (view === own) level.add(id)
    },
    isAhead(id) {
      const theirs = views.get(id)
      if (theirs === undefined || theirs === own) return false
      return level.has(id) || !passed.includes(theirs)
    },
    forget(id) {
      views.delete(id)
      level.delete(id)
    },
  }
}
