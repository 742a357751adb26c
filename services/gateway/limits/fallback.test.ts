import { describe, expect, it } from 'vitest'
import type { RateLimit } from '#lib/model/gateway.ts'
import { rateLimit } from '#test/kit/rate-limits.ts'
import { createCounters } from './counters.ts'
import { createDecide } from './decide.ts'
import { fallback } from './fallback.ts'

const decide = createDecide({ onOverflow: 'refuse', overflowed() {} })
const asksOf = (...limits: Partial<RateLimit>[]) =>
  limits.map((parts, i) => ({ counters: createCounters(rateLimit({ name: `l${i}`, ...parts }), 9), key: '' }))

describe('what onError says', () => {
  it.each([
    { onError: 'open', ok: true, waitMs: 0, stamp: undefined },
    { onError: 'closed', ok: false, waitMs: 1_000, stamp: undefined },
    { onError: 'local', ok: true, waitMs: 10_000, stamp: 3 },
  ] as const)('of one limit with $onError', ({ onError, ...says }) => {
    expect(fallback(decide, asksOf({ onError }), 3, 3)).toEqual([{ remaining: 0, unasked: onError, ...says }])
  })

  it('takes no unit of any when one is closed', () => {
    const asks = asksOf({ onError: 'local' }, { onError: 'closed' }, { onError: 'open' })
    expect(fallback(decide, asks, 3, 3).map((each) => each?.ok)).toEqual([undefined, false, true])
    expect(asks[0]?.counters.size()).toBe(0)
  })

  it('lets a closed one in Audit mode pass', () => {
    const asks = asksOf({ onError: 'local' }, { onError: 'closed', mode: 'Audit' })
    expect(fallback(decide, asks, 3, 3).map((each) => each?.ok)).toEqual([true, false])
  })

  it('takes a share of each local one, or of none', () => {
    const asks = asksOf({ onError: 'local', limit: 9 }, { onError: 'open' }, { onError: 'local', limit: 3 })
    const said = [1, 2].map((now) => fallback(decide, asks, now, 3).map((each) => [each?.ok, each?.remaining]))
    expect(said).toEqual([
      [
        [true, 2],
        [true, 0],
        [true, 0],
      ],
      [
        [true, 2],
        [true, 0],
        [false, 0],
      ],
    ])
  })
})
