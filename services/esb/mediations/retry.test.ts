import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Failure } from './message.ts'
import { afterFailure, delayLevel } from './retry.ts'

const rule = { attempts: 5, baseMs: 1_000, maxMs: 6_000 }
const passing: Failure = { class: 'Transient', reason: 'ServiceFailed', message: '' }
const lasting: Failure = { class: 'Permanent', reason: 'SchemaViolation', message: '' }

describe('after a failure', () => {
  it.each([
    { attempt: 1, random: 0, delayMs: 1_000 },
    { attempt: 2, random: 0, delayMs: 2_000 },
    { attempt: 4, random: 0, delayMs: 6_000 },
    // By a quarter at most, and by a second.
    { attempt: 1, random: 1, delayMs: 1_250 },
    { attempt: 4, random: 1, delayMs: 7_000 },
  ])('of attempt $attempt the next follows after $delayMs ms', ({ attempt, random, delayMs }) => {
    expect(afterFailure(rule, attempt, passing, () => random)).toEqual({ next: 'retry', delayMs })
  })

  it.each([
    { when: 'the attempts are spent', attempt: 5, failure: passing },
    { when: 'no other try can help', attempt: 1, failure: lasting },
  ])('a message is dead when $when', ({ attempt, failure }) => {
    expect(afterFailure(rule, attempt, failure, () => 0)).toEqual({ next: 'dead' })
  })

  it('waits as long as a service asks for, though never shorter than the rule', () => {
    const asked = (retryAfterMs: number) => afterFailure(rule, 1, { ...passing, retryAfterMs }, () => 0)
    expect([asked(30_000), asked(10)]).toEqual([
      { next: 'retry', delayMs: 30_000 },
      { next: 'retry', delayMs: 1_000 },
    ])
  })
})

describe('the delay queue of a wait', () => {
  it.each([
    [0, 0],
    [1_999, 0],
    [2_000, 1],
    [3_999, 1],
    [4_000, 2],
    [4_096_000, 12],
    [86_400_000, 12],
  ])('of %i ms is of level %i', (waitMs, level) => expect(delayLevel(waitMs, 13)).toBe(level))

  it('is never longer than the wait, from a second on, and laps end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 100_000_000 }), (waitMs) => {
        let left = waitMs
        let laps = 0
        for (; left >= 1_000; laps++) {
          const lap = 1_000 * 2 ** delayLevel(left, 13)
          expect(lap).toBeLessThanOrEqual(left)
          left -= lap
        }
        expect(laps).toBeLessThanOrEqual(12 + waitMs / 4_096_000)
      }),
    )
  })
})
