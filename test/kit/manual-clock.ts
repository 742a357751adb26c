import type { Clock } from '#lib/clock.ts'

/** A clock whose hands the test moves. */
export interface ManualClock extends Clock {
  readonly advance: (ms: number) => void
}

export function manualClock(start = 1_000): ManualClock {
  let now = start
  return {
    now: () => now,
    monotonic: () => now,
    advance(ms) {
      now += ms
    },
  }
}
