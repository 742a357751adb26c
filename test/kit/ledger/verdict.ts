/** What was entrusted to the bus, and where it was found after the drain: ids, as often as they were seen. */
export interface Ledger {
  /** All that a sender has tried to send, with or without success. */
  readonly sent: ReadonlySet<string>
  /** What the sender was told is safe. */
  readonly confirmed: ReadonlySet<string>
  readonly delivered: readonly string[]
  readonly dead: readonly string[]
  readonly unroutable: readonly string[]
  /** Still in some queue. */
  readonly queued: readonly string[]
}

/** The promise of the bus: confirmed ⊆ delivered ∪ dead ∪ unroutable ∪ queued. Repeats are allowed, and counted. */
export interface Verdict {
  readonly sent: number
  readonly confirmed: number
  readonly delivered: number
  readonly dead: number
  readonly unroutable: number
  readonly queued: number
  /** Arrivals of what had arrived before. */
  readonly duplicates: number
  /** Found in more than one kind of place. */
  readonly settledTwice: number
  /** Confirmed, and nowhere: must be none. */
  readonly lost: readonly string[]
  /** Found, though nobody has sent it: must be none. */
  readonly strangers: readonly string[]
}

export function judge({ sent, confirmed, ...found }: Ledger): Verdict {
  const places = [found.delivered, found.dead, found.unroutable, found.queued].map((ids) => new Set(ids))
  const [delivered, dead, unroutable, queued] = places as [Set<string>, Set<string>, Set<string>, Set<string>]
  const all = [...new Set(places.flatMap((ids) => [...ids]))]
  return {
    sent: sent.size,
    confirmed: confirmed.size,
    delivered: delivered.size,
    dead: dead.size,
    unroutable: unroutable.size,
    queued: queued.size,
    duplicates: found.delivered.length - delivered.size,
    settledTwice: all.filter((id) => places.filter((ids) => ids.has(id)).length > 1).length,
    lost: [...confirmed].filter((id) => !places.some((ids) => ids.has(id))).sort(),
    strangers: all.filter((id) => !sent.has(id)).sort(),
  }
}
