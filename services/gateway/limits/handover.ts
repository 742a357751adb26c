import type { Book } from './book.ts'
import type { Counters } from './counters.ts'
import type { Ask } from './decide.ts'
import { emptyLog, isExpired, merge, newestOf, type SlidingLog } from './log.ts'
import { askOfWire, toWire, type WireLog } from './wire.ts'

/** A log that is to go to the owner of its counter. */
export interface Misplaced extends Ask {
  readonly log: SlidingLog
  readonly owner: string
}

/** Logs looked at, and stamps gathered, in one slice: about a millisecond, so that requests are not held up behind it. */
const SLICE_LOOKS = 5_000
const SLICE_STAMPS = 5_000

/**
 * The logs that belong to others, a slice at a time; `elsewhere` tells whose a counter is when it should leave. The book may
 * change between slices: what has gone is not met any more, what comes is.
 */
export function* misplaced(book: Book, elsewhere: (ask: Ask) => string | undefined): Generator<readonly Misplaced[]> {
  let slice: Misplaced[] = []
  let [looks, stamps] = [0, 0]
  for (const counters of book.all()) {
    for (const [key, log] of counters.entries()) {
      const owner = elsewhere({ counters, key })
      if (owner !== undefined) {
        slice.push({ counters, key, log, owner })
        stamps += log.size
      }
      if (++looks < SLICE_LOOKS && stamps < SLICE_STAMPS) continue
      yield slice
      slice = []
      looks = stamps = 0
    }
  }
  yield slice
}

/**
 * A log as it travels; undefined when nothing of it counts any more. Stamps become ages: what the way takes makes them
 * younger, which refuses more and never less.
 */
export function packed({ counters, key, log }: Ask & { readonly log: SlidingLog }, now: number): WireLog | undefined {
  if (isExpired(log, counters.limit().periodMs, now)) return undefined
  return [toWire({ counters, key }), newestOf(log, log.size).map((stamp) => Math.floor((now - stamp) * 100) / 100)]
}

/** Adopts what another replica handed over; a key that finds no room is left out, as a new one would be. */
export function adopt(book: Book, logs: readonly WireLog[], now: number): void {
  for (const [wire, ages] of logs) {
    const { counters, key } = askOfWire(book, wire)
    const held = counters.find(key)
    if (held === undefined && !counters.hasRoom(now)) continue
    const log = held ?? emptyLog(counters.limit().limit)
    const stamps = ages.map((age) => now - age)
    merge(log, counters.limit().limit, stamps)
    if (held === undefined) counters.adopt(key, log)
  }
}

/** Whether two replicas could mean different things by the counter: one that is shared, as opposed to each replica's own. */
export function isShared(counters: Counters): boolean {
  return counters.limit().scope === 'cluster'
}
