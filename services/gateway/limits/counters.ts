import type { RateLimit } from '#lib/model/gateway.ts'
import { keyText } from './key.ts'
import { emptyLog, isExpired, record, type SlidingLog } from './log.ts'
import { placeOf, seedOf } from './owner.ts'

/** The logs of one limit, by key. Keys are attacker data: a Map, bounded, and nothing here walks all of it at once. */
export interface Counters {
  readonly limit: () => RateLimit
  /** Another count or period, the same identity: the logs stay. */
  readonly reconfigure: (limit: RateLimit) => void
  /** Where the key's counter lies among the replicas. */
  readonly place: (key: string) => number
  readonly find: (key: string) => SlidingLog | undefined
  /** Whether a key without a log could have one; makes room as far as that takes no more than a few looks. */
  readonly hasRoom: (now: number) => boolean
  /** Logs an admission in the key's `log`, or in a new one; undefined when there is no room for that. */
  readonly record: (key: string, log: SlidingLog | undefined, now: number) => SlidingLog | undefined
  readonly adopt: (key: string, log: SlidingLog) => void
  readonly drop: (key: string) => void
  /** Forgets those expired among the next `looks` logs. */
  readonly sweep: (now: number, looks: number) => void
  readonly entries: () => Iterable<[string, SlidingLog]>
  readonly size: () => number
}

/** What makes counters the same through all changes of their limit: whose it is, and what it counts by. */
export function identityOf({ id, key }: Pick<RateLimit, 'id' | 'key'>): string {
  return `${id}\0${keyText(key)}`
}

/**
 * Looks per new key. More than one, so that a sweep overtakes any growth; a new key may be refused though an expired
 * one lies further on, but no more than `maxKeys / LOOKS` times in a row.
 */
const LOOKS = 8

export function createCounters(first: RateLimit, maxKeys: number): Counters {
  const logs = new Map<string, SlidingLog>()
  const seed = seedOf(identityOf(first))
  let limit = first
  // A hand that goes round: iterators of a Map see what is added and survive what is deleted.
  let hand = logs.entries()

  function sweep(now: number, looks: number): void {
    for (let look = Math.min(looks, logs.size); look > 0; look--) {
      const entry = hand.next().value ?? again()
      if (entry !== undefined && isExpired(entry[1], limit.periodMs, now)) logs.delete(entry[0])
    }
  }

  function again(): [string, SlidingLog] | undefined {
    hand = logs.entries()
    return hand.next().value
  }

  function hasRoom(now: number): boolean {
    sweep(now, LOOKS)
    return logs.size < maxKeys
  }

  return {
    limit: () => limit,
    reconfigure(next) {
      limit = next
    },
    place: (key) => placeOf(seed, key),
    find: (key) => logs.get(key),
    hasRoom,
    record(key, log, now) {
      if (log === undefined && logs.size >= maxKeys) return undefined
      const kept = log ?? emptyLog(limit.limit)
      record(kept, limit.limit, now)
      if (log === undefined) logs.set(detached(key), kept)
      return kept
    },
    adopt: (key, log) => void logs.set(detached(key), log),
    drop: (key) => void logs.delete(key),
    sweep,
    entries: () => logs.entries(),
    size: () => logs.size,
  }
}

// A key cut out of a longer text (an address out of X-Forwarded-For) would keep all of that in memory while it is counted.
function detached(key: string): string {
  return JSON.parse(JSON.stringify(key)) as string
}
