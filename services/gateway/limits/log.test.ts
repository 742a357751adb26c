import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seeded } from '#test/kit/rate-limits.ts'
import { admits, countIn, emptyLog, isExpired, merge, newestOf, type Rule, record, release, waitMs } from './log.ts'

/** The definition, written down: every stamp kept that a log of this limit must know of, all of them counted. */
function reference() {
  let stamps: number[] = []
  return {
    admits: ({ limit, periodMs }: Rule, now: number) =>
      stamps.filter((each) => each > now - periodMs && each <= now).length < limit,
    // A log knows the newest `limit` admissions; what a lower limit forgot, a higher one cannot bring back.
    record({ limit }: Rule, now: number) {
      stamps = limit === 0 ? [] : [...stamps, now].slice(-limit)
    },
    release(stamp: number) {
      const at = stamps.lastIndexOf(stamp)
      if (at >= 0) stamps.splice(at, 1)
      return at >= 0
    },
    stamps: () => stamps,
  }
}

describe('a sliding log', () => {
  it('decides as its definition does, whatever arrives, is taken back or is changed', () => {
    const step = fc.oneof(
      { weight: 10, arbitrary: fc.record({ do: fc.constant('arrive' as const), after: fc.nat(300) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), back: fc.nat(5) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('change' as const), limit: fc.nat(9), periodMs: fc.nat(1_000) }),
      },
    )
    const property = fc.property(fc.nat(9), fc.array(step, { maxLength: 200 }), (limit, steps) => {
      let rule: Rule = { limit, periodMs: 500 }
      let now = 0
      const log = emptyLog(limit)
      const model = reference()
      for (const each of steps) {
        if (each.do === 'change') rule = each
        else if (each.do === 'release') {
          const stamp = model.stamps().at(-1 - each.back) ?? -1
          expect(release(log, stamp)).toBe(model.release(stamp))
        } else {
          now += each.after
          const admitted = admits(log, rule, now)
          expect(admitted).toBe(model.admits(rule, now))
          if (!admitted) continue
          record(log, rule.limit, now)
          model.record(rule, now)
        }
        expect(newestOf(log, log.size).slice(-model.stamps().length || log.size)).toEqual(model.stamps())
      }
    })
    fc.assert(property, { numRuns: 2_000, seed: 3 })
  })

  it.each([
    { limit: 1, periodMs: 10 },
    { limit: 5, periodMs: 10_000 },
    { limit: 7, periodMs: 333 },
    { limit: 100, periodMs: 1_000 },
    { limit: 1_000, periodMs: 60_000 },
  ])(
    'admits no more than $limit in any trailing $periodMs ms, and never fewer than it could',
    ({ limit, periodMs }) => {
      const random = seeded(limit)
      const log = emptyLog(limit)
      const admitted: number[] = []
      let [now, violations, needless] = [0, 0, 0]
      for (let arrival = 0; arrival < 40_000; arrival++) {
        // Mostly three times too fast, with lulls, and now and then several at one instant.
        const pace = random()
        now += pace < 0.1 ? 0 : pace > 0.999 ? periodMs * 2 * random() : ((2 * periodMs) / (3 * limit)) * random()
        // The window's own count, from the full history and not from the log.
        const inWindow = admitted.length - firstAfter(admitted, now - periodMs)
        const answer = admits(log, { limit, periodMs }, now)
        if (answer && inWindow >= limit) violations++
        if (!answer && inWindow < limit) needless++
        if (!answer) continue
        record(log, limit, now)
        admitted.push(now)
      }
      expect({ violations, needless }).toEqual({ violations: 0, needless: 0 })
      expect(admitted.length).toBeGreaterThan(limit)
      expect(admitted.length).toBeLessThan(40_000)
    },
  )

  it('holds over 120,000 arrivals while its limit and period change', () => {
    const random = seeded(42)
    const log = emptyLog(5)
    let rule: Rule = { limit: 5, periodMs: 1_000 }
    // What counts against a window: the newest admissions that the smallest limit since then has kept, and all later ones.
    let known: number[] = []
    let [now, violations, needless, changes] = [0, 0, 0, 0]
    for (let arrival = 0; arrival < 120_000; arrival++) {
      now += random() * 150
      if (random() < 0.002) {
        rule = { limit: 1 + Math.floor(random() * 40), periodMs: 100 + Math.floor(random() * 3_000) }
        changes++
      }
      const inWindow = known.length - firstAfter(known, now - rule.periodMs)
      const answer = admits(log, rule, now)
      if (answer && inWindow >= rule.limit) violations++
      if (!answer && inWindow < rule.limit) needless++
      if (!answer) continue
      record(log, rule.limit, now)
      known = [...known, now].slice(-rule.limit)
    }
    expect({ violations, needless }).toEqual({ violations: 0, needless: 0 })
    expect(changes).toBeGreaterThan(100)
  })

  it('admits at the very end of the period, not a moment before', () => {
    const rule = { limit: 1, periodMs: 1_000 }
    const log = emptyLog(1)
    record(log, 1, 5)
    expect([1_004.999, 1_005].map((now) => admits(log, rule, now))).toEqual([false, true])
  })

  it('blocks everything when the limit is 0, also once it has been lowered to that', () => {
    const log = emptyLog(2)
    record(log, 2, 1)
    expect(admits(log, { limit: 0, periodMs: 1 }, 1e9)).toBe(false)
    expect(admits(emptyLog(0), { limit: 0, periodMs: 1 }, 0)).toBe(false)
    expect(waitMs(log, { limit: 0, periodMs: 700 }, 0, 5)).toBe(700)
  })

  it('grows with use, up to the limit, and shrinks with it', () => {
    const log = emptyLog(1_000_000)
    const grown = [4, 8, 9, 1_000].map((count) => {
      while (log.size < count) record(log, 1_000_000, log.size)
      return log.stamps.length
    })
    expect(grown).toEqual([4, 8, 16, 1_024])
    record(log, 3, 2_000)
    expect({ slots: log.stamps.length, kept: newestOf(log, 9) }).toEqual({ slots: 3, kept: [998, 999, 2_000] })
  })

  it.each([
    { when: 'the limit falls', from: 5, to: { limit: 2, periodMs: 100 }, at: 105, admitted: false },
    { when: 'the limit falls and time has passed', from: 5, to: { limit: 2, periodMs: 100 }, at: 190, admitted: true },
    { when: 'the limit rises', from: 5, to: { limit: 6, periodMs: 100 }, at: 95, admitted: true },
    { when: 'the period grows', from: 5, to: { limit: 5, periodMs: 1_000 }, at: 500, admitted: false },
    { when: 'the period shrinks', from: 5, to: { limit: 5, periodMs: 10 }, at: 95, admitted: true },
  ])('keeps its count when $when', ({ from, to, at, admitted }) => {
    const log = emptyLog(from)
    for (const stamp of [50, 60, 70, 80, 90]) record(log, from, stamp)
    expect(admits(log, to, at)).toBe(admitted)
  })

  it('takes back one of several admissions at an instant, and nothing it does not hold', () => {
    const log = emptyLog(4)
    for (const stamp of [1, 2, 2, 3]) record(log, 4, stamp)
    expect([release(log, 2), release(log, 9), release(log, 0)]).toEqual([true, false, false])
    expect(newestOf(log, 4)).toEqual([1, 2, 3])
  })

  it('merges another replica’s stamps, keeping the newest of both', () => {
    const log = emptyLog(4)
    for (const stamp of [10, 30]) record(log, 4, stamp)
    merge(log, 4, [5, 20, 40])
    expect(newestOf(log, 9)).toEqual([10, 20, 30, 40])
    expect(admits(log, { limit: 4, periodMs: 50 }, 59)).toBe(false)
    merge(log, 0, [50])
    expect(log.size).toBe(0)
  })

  it('tells what is used and when more is free', () => {
    const rule = { limit: 3, periodMs: 100 }
    const log = emptyLog(3)
    for (const stamp of [10, 20, 60]) record(log, 3, stamp)
    const told = [60, 110, 120, 160].map((now) => {
      const used = countIn(log, rule.periodMs, now)
      return [used, waitMs(log, rule, used, now), isExpired(log, rule.periodMs, now)]
    })
    expect(told).toEqual([
      [3, 50, false],
      [2, 10, false],
      [1, 40, false],
      [0, 0, true],
    ])
  })
})

function firstAfter(sorted: readonly number[], edge: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) <= edge) low = middle + 1
    else high = middle
  }
  return low
}
