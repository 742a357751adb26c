import { describe, expect, it, vi } from 'vitest'
import { createThrottle, prefetchUnder } from './throttle.ts'

const forever = new AbortController().signal

describe('a throttle', () => {
  it('admits no more than its limit in any window, in the order of asking', async () => {
    vi.useFakeTimers()
    try {
      const clock = { now: () => Date.now(), monotonic: () => Date.now() }
      const from = Date.now()
      const throttle = createThrottle({ limit: 2, periodMs: 1_000 }, clock)
      const admitted: (readonly [number, number])[] = []
      for (let i = 0; i < 5; i++) void throttle.admitted(forever).then(() => admitted.push([i, Date.now() - from]))
      await vi.advanceTimersByTimeAsync(5_000)
      expect(admitted).toEqual([
        [0, 0],
        [1, 0],
        [2, 1_000],
        [3, 1_000],
        [4, 2_000],
      ])
    } finally {
      vi.useRealTimers()
    }
  })

  it('lets go of whoever no longer waits, without counting them', async () => {
    const throttle = createThrottle({ limit: 1, periodMs: 3_600_000 }, { now: () => 0, monotonic: () => 1 })
    await throttle.admitted(forever)
    const gone = new AbortController()
    const waiting = throttle.admitted(gone.signal)
    gone.abort()
    await waiting
  })
})

describe('the prefetch under throttles', () => {
  it.each([
    { rules: [], gives: 200 },
    { rules: [{ limit: 100, periodMs: 1_000 }], gives: 200 },
    { rules: [{ limit: 1, periodMs: 60_000 }], gives: 10 },
    { rules: [{ limit: 1, periodMs: 86_400_000 }], gives: 1 },
  ])('is $gives, so that nobody waits in hand for long', ({ rules, gives }) => {
    expect(prefetchUnder(rules, 200)).toBe(gives)
  })
})
