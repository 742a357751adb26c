import { describe, expect, it } from 'vitest'
import { rateLimit } from '#test/kit/rate-limits.ts'
import { createCounters } from './counters.ts'
import { type Ask, createDecide, type DecideOptions, giveBack } from './decide.ts'

function bench({ onOverflow = 'refuse' as DecideOptions['onOverflow'], maxKeys = 100 } = {}) {
  const overflows: string[] = []
  const decide = createDecide({ onOverflow, overflowed: (name) => overflows.push(name) })
  const ask = (parts: Parameters<typeof rateLimit>[0] = {}, key = ''): Ask => ({
    counters: createCounters(rateLimit(parts), maxKeys),
    key,
  })
  return { decide, ask, overflows }
}

describe('a decision on one counter', () => {
  it('takes units until there are none, and says when there will be', () => {
    const { decide, ask } = bench()
    const asks = [ask({ limit: 2, periodMs: 100 })]
    expect([0, 30, 60, 100, 101].map((now) => decide(asks, now)[0])).toEqual([
      { ok: true, remaining: 1, waitMs: 100, stamp: 0 },
      { ok: true, remaining: 0, waitMs: 70, stamp: 30 },
      { ok: false, remaining: 0, waitMs: 40, stamp: undefined },
      { ok: true, remaining: 0, waitMs: 30, stamp: 100 },
      { ok: false, remaining: 0, waitMs: 29, stamp: undefined },
    ])
  })

  it('is always no with a limit of 0', () => {
    const { decide, ask } = bench()
    const nothing = { ok: false, remaining: 0, waitMs: 100, stamp: undefined }
    expect(decide([ask({ limit: 0, periodMs: 100 })], 5)).toEqual([nothing])
    const blocked = ask({ limit: 1, periodMs: 100 })
    decide([blocked], 5)
    blocked.counters.reconfigure(rateLimit({ limit: 0, periodMs: 100 }))
    expect(decide([blocked], 1_000)).toEqual([nothing])
  })

  it.each([
    { limit: 5, replicas: 3, gives: 1 },
    { limit: 6, replicas: 3, gives: 2 },
    { limit: 1, replicas: 3, gives: 1 },
    { limit: 0, replicas: 3, gives: 0 },
    { limit: 5, replicas: 1, gives: 5 },
  ])('gives away $gives of $limit as the share of one of $replicas', ({ limit, replicas, gives }) => {
    const { decide, ask } = bench()
    const asks = [ask({ limit })]
    const answers = Array.from({ length: 10 }, () => decide(asks, 1, replicas)[0])
    expect(answers.filter((each) => each?.ok)).toHaveLength(gives)
    expect(answers.at(-1)).toEqual({ ok: false, remaining: 0, waitMs: 10_000, stamp: undefined })
  })
})

describe('a decision on several counters', () => {
  it('takes of all or of none, and tells of each what it would say alone', () => {
    const { decide, ask } = bench()
    const asks = [ask({ limit: 3 }), ask({ name: 'tight', limit: 1 })]
    decide(asks, 0)
    expect(decide(asks, 10)).toEqual([
      { ok: true, remaining: 2, waitMs: 9_990, stamp: undefined },
      { ok: false, remaining: 0, waitMs: 9_990, stamp: undefined },
    ])
    expect(decide([asks[0] as Ask], 20)).toEqual([{ ok: true, remaining: 1, waitMs: 9_980, stamp: 20 }])
  })

  it('is not stopped by one in Audit mode, which counts what it would have let pass', () => {
    const { decide, ask } = bench()
    const asks = [ask({ limit: 3 }), ask({ limit: 1, mode: 'Audit' })]
    const said = [0, 1, 2, 3].map((now) => decide(asks, now).map(({ ok, stamp }) => [ok, stamp !== undefined]))
    expect(said).toEqual([
      [
        [true, true],
        [true, true],
      ],
      [
        [true, true],
        [false, false],
      ],
      [
        [true, true],
        [false, false],
      ],
      [
        [false, false],
        [false, false],
      ],
    ])
  })

  it('leaves no trace in a counter of a key it refused', () => {
    const { decide, ask } = bench()
    const [fresh, blocked] = [ask({}, 'new'), ask({ limit: 0 })]
    decide([fresh, blocked], 0)
    expect(fresh.counters.size()).toBe(0)
  })
})

describe('a new key without room', () => {
  it('is refused with onOverflow refuse, and counted', () => {
    const { decide, ask, overflows } = bench({ maxKeys: 1 })
    const first = ask({}, 'one')
    decide([first], 0)
    const second = { ...first, key: 'two' }
    expect(decide([second], 1)).toEqual([{ ok: false, remaining: 0, waitMs: 10_000, stamp: undefined }])
    expect(decide([first], 1)).toEqual([{ ok: true, remaining: 3, waitMs: 9_999, stamp: 1 }])
    expect(overflows).toEqual(['orders'])
  })

  it('is admitted uncounted with onOverflow admit', () => {
    const { decide, ask, overflows } = bench({ maxKeys: 1, onOverflow: 'admit' })
    const first = ask({}, 'one')
    decide([first], 0)
    const second = { ...first, key: 'two' }
    expect(Array.from({ length: 9 }, () => decide([second], 1)[0]?.ok)).toEqual(Array(9).fill(true))
    expect({ size: first.counters.size(), overflows: overflows.length }).toEqual({ size: 1, overflows: 9 })
  })

  it('takes the place of one that has expired', () => {
    const { decide, ask } = bench({ maxKeys: 1 })
    const first = ask({}, 'one')
    decide([first], 0)
    expect(decide([{ ...first, key: 'two' }], 10_000)[0]?.ok).toBe(true)
    expect([...first.counters.entries()].map(([key]) => key)).toEqual(['two'])
  })
})

describe('giving back', () => {
  it('frees the unit, once, where it was taken', () => {
    const { decide, ask } = bench()
    const only = ask({ limit: 1 })
    const stamp = decide([only], 7)[0]?.stamp as number
    expect([giveBack(only, stamp), giveBack(only, stamp), giveBack({ ...only, key: 'other' }, stamp)]).toEqual([
      true,
      false,
      false,
    ])
    expect(decide([only], 8)[0]?.ok).toBe(true)
  })
})
