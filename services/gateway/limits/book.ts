import type { RateLimit } from '#lib/model/gateway.ts'
import { type Counters, createCounters, identityOf } from './counters.ts'

/**
 * The counters of every limit, by identity.
 *
 *   (absent) ──configure with it──► in force ──configure without it──► retired ──its window is over──► (absent)
 *                                      ▲                                  │
 *                                      └──────── configured again ────────┘   nothing is reset by delete and create
 */
export interface Book {
  readonly configure: (limits: Iterable<RateLimit>) => void
  /** The counters of a limit; one that was never configured (a table just replaced, a peer ahead of us) counts as retired. */
  readonly of: (limit: RateLimit) => Counters
  /** The counters of that identity, in force or retired. */
  readonly at: (identity: string) => Counters | undefined
  readonly all: () => Iterable<Counters>
  /** Limits in force. */
  readonly inForce: () => Iterable<RateLimit>
  /** Forgets what has expired, a slice at a time: for when no new key comes and does it. */
  readonly sweep: (now: number) => void
}

/** Logs looked at per limit and sweep: under a millisecond. */
const SWEEP_LOOKS = 2_000

export function createBook({ maxKeys }: { readonly maxKeys: number }): Book {
  const book = new Map<string, Counters>()
  let inForce: ReadonlySet<Counters> = new Set()
  // Found by the limit itself, an object that lives as long as its table: no text is built for each decision.
  let byLimit = new WeakMap<RateLimit, Counters>()

  function of(limit: RateLimit): Counters {
    return byLimit.get(limit) ?? found(limit)
  }

  function found(limit: RateLimit): Counters {
    const identity = identityOf(limit)
    const counters = book.get(identity) ?? createCounters(limit, maxKeys)
    book.set(identity, counters)
    byLimit.set(limit, counters)
    return counters
  }

  return {
    of,
    at: (identity) => book.get(identity),
    configure(limits) {
      const next = new Set<Counters>()
      for (const limit of limits) {
        const counters = of(limit)
        counters.reconfigure(limit)
        next.add(counters)
      }
      inForce = next
    },
    all: () => book.values(),
    *inForce() {
      for (const counters of inForce) yield counters.limit()
    },
    sweep(now) {
      for (const [identity, counters] of book) {
        counters.sweep(now, SWEEP_LOOKS)
        if (counters.size() > 0 || inForce.has(counters)) continue
        book.delete(identity)
        byLimit = new WeakMap()
      }
    },
  }
}
