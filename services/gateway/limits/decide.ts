import type { Counters } from './counters.ts'
import { admits, countIn, type Rule, release, type SlidingLog, waitMs } from './log.ts'

/** One counter that a request asks a unit of. */
export interface Ask {
  readonly counters: Counters
  readonly key: string
}

/** What one counter says. */
export interface Verdict {
  /** Whether there is a unit, were it for this counter alone. */
  readonly ok: boolean
  /** Units left, this request's own already taken. */
  readonly remaining: number
  /** Until one more than that is free. */
  readonly waitMs: number
  /** What to release the unit by; undefined when none was taken. */
  readonly stamp: number | undefined
}

export interface DecideOptions {
  readonly onOverflow: 'refuse' | 'admit'
  readonly overflowed: (limit: string) => void
}

/** Decides on counters that are held here: takes a unit of each, or of none when an enforcing one refuses. */
export type Decide = (asks: readonly Ask[], now: number, replicas?: number) => Verdict[]

/**
 * No `await` between the check and the record: another request in between would be counted by neither.
 * `replicas` divides the limits: the share that one of so many may give away when the owner cannot be asked.
 */
export function createDecide({ onOverflow, overflowed }: DecideOptions): Decide {
  function fits({ counters }: Ask, log: SlidingLog | undefined, now: number, replicas: number): boolean {
    const limit = counters.limit()
    if (log !== undefined) return admits(log, shareOf(limit, replicas), now)
    if (limit.limit === 0) return false
    if (counters.hasRoom(now)) return true
    overflowed(limit.name)
    return onOverflow === 'admit'
  }

  function decideOne(ask: Ask, now: number, replicas: number): Verdict {
    const log = ask.counters.find(ask.key)
    return fits(ask, log, now, replicas) ? taken(ask, log, now, replicas) : untouched(ask, false, log, now, replicas)
  }

  return function decide(asks, now, replicas = 1) {
    if (asks.length === 1) return [decideOne(asks[0] as Ask, now, replicas)]
    const logs = asks.map(({ counters, key }) => counters.find(key))
    const oks = asks.map((ask, i) => fits(ask, logs[i], now, replicas))
    const all = asks.every(({ counters }, i) => oks[i] || counters.limit().mode === 'Audit')
    return asks.map((ask, i) => {
      const ok = oks[i] === true
      return all && ok ? taken(ask, logs[i], now, replicas) : untouched(ask, ok, logs[i], now, replicas)
    })
  }
}

function taken(ask: Ask, log: SlidingLog | undefined, now: number, replicas: number): Verdict {
  const kept = ask.counters.record(ask.key, log, now)
  return verdict(ask, true, kept, now, replicas, kept && now)
}

function untouched(ask: Ask, ok: boolean, log: SlidingLog | undefined, now: number, replicas: number): Verdict {
  return verdict(ask, ok, log, now, replicas, undefined)
}

function verdict(
  { counters }: Ask,
  ok: boolean,
  log: SlidingLog | undefined,
  now: number,
  replicas: number,
  stamp: number | undefined,
): Verdict {
  const rule = shareOf(counters.limit(), replicas)
  // No log: nothing is used yet, or there is no room for the key, which may last a whole period.
  if (log === undefined) return { ok, remaining: ok ? rule.limit : 0, waitMs: ok ? 0 : rule.periodMs, stamp }
  const used = countIn(log, rule.periodMs, now)
  return { ok, remaining: Math.max(0, rule.limit - used), waitMs: waitMs(log, rule, used, now), stamp }
}

function shareOf(rule: Rule, replicas: number): Rule {
  if (replicas === 1 || rule.limit === 0) return rule
  return { limit: Math.max(1, Math.floor(rule.limit / replicas)), periodMs: rule.periodMs }
}

/** Gives back a unit that was taken at `stamp`; false when it is not held here. */
export function giveBack({ counters, key }: Ask, stamp: number): boolean {
  const log = counters.find(key)
  return log !== undefined && release(log, stamp)
}
