import { describe, expect, it } from 'vitest'
import { createBreaker } from './breaker.ts'

const RULE = { after: 2, openMs: 100 }

describe('a breaker', () => {
  it('opens after failures in a row, and lets one call through when its time is over', () => {
    const breaker = createBreaker(RULE)
    breaker.tell(false, 0)
    expect(breaker.closedFor(1)).toBe(0)
    breaker.tell(false, 1)
    expect(breaker.closedFor(11)).toBe(90)
    expect([breaker.closedFor(101), breaker.closedFor(101)]).toEqual([0, 100])
  })

  it.each([
    { how: 'closes', ok: true, waits: 0 },
    { how: 'stays open', ok: false, waits: 100 },
  ])('$how by that call', ({ ok, waits }) => {
    const breaker = createBreaker(RULE)
    for (const at of [0, 1]) breaker.tell(false, at)
    breaker.closedFor(200)
    breaker.tell(ok, 200)
    expect(breaker.closedFor(200)).toBe(waits)
  })

  it('forgets failures with each success', () => {
    const breaker = createBreaker(RULE)
    for (const ok of [false, true, false]) breaker.tell(ok, 0)
    expect(breaker.closedFor(0)).toBe(0)
  })
})
