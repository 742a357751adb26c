import { describe, expect, it } from 'vitest'
import { extended, judge, type Lease, type LeaseRules, outageMs } from './judge.ts'

const rules: LeaseRules = { minFleet: 3, maxShare: 0.5, maxHoldMs: 600_000, reapAfterMs: undefined }
const TTL = 10_000
const NOW = 1_000_000

/** `-` overdue by one second, `+` alive, `w` withdrawn just now, `o` withdrawn more than a ttl ago. */
function fleetOf(shape: string): ReadonlyMap<string, Lease> {
  const leases: Readonly<Record<string, Lease>> = {
    '+': { ttlMs: TTL, renewedAt: NOW - 1_000 },
    '-': { ttlMs: TTL, renewedAt: NOW - TTL - 1_000 },
    w: { ttlMs: TTL, renewedAt: NOW - TTL - 2_000, withdrawnAt: NOW - 1_000 },
    o: { ttlMs: TTL, renewedAt: NOW - 3 * TTL, withdrawnAt: NOW - 2 * TTL },
  }
  return new Map([...shape].map((each, i) => [`${each}${i}`, leases[each] as Lease]))
}

describe('leases that ran out', () => {
  it.each([
    { fleet: '+', withdraw: 0, held: 0, when: 'none did' },
    { fleet: '-', withdraw: 1, held: 0, when: 'a fleet of one is no reason to doubt the registry' },
    { fleet: '--', withdraw: 2, held: 0, when: 'nor is one of two' },
    { fleet: '---', withdraw: 0, held: 3, when: 'all of a fleet did at once' },
    { fleet: '--+', withdraw: 0, held: 2, when: 'most of a fleet did' },
    { fleet: '--++', withdraw: 2, held: 0, when: 'just half of a fleet did' },
    { fleet: '-++', withdraw: 1, held: 0, when: 'a few of a fleet did' },
    { fleet: '-w+', withdraw: 0, held: 1, when: 'with those of a moment ago it is most of a fleet' },
    { fleet: '-o++', withdraw: 1, held: 0, when: 'those of long ago do not count' },
    { fleet: '-oooo', withdraw: 1, held: 0, when: 'they do not make a fleet either' },
  ])('are withdrawn ($withdraw) or held ($held): $when', ({ fleet, withdraw, held }) => {
    const judged = judge(fleetOf(fleet), NOW, rules)
    expect([judged.withdraw.length, judged.held.length]).toEqual([withdraw, held])
  })

  it('runs out at the very moment its ttl is over', () => {
    const at = (renewedAt: number) => judge(new Map([['a', { ttlMs: TTL, renewedAt }]]), NOW, rules).withdraw
    expect([at(NOW - TTL + 1), at(NOW - TTL)]).toEqual([[], ['a']])
  })

  it('is let go of when held for too long', () => {
    const old = { ttlMs: TTL, renewedAt: NOW - TTL - 600_000 }
    const fleet = new Map([['old', old], ...fleetOf('---')])
    expect(judge(fleet, NOW, rules)).toEqual({ withdraw: ['old'], held: ['-0', '-1', '-2'], reap: [] })
  })

  it('holds nothing when the guard allows all', () => {
    expect(judge(fleetOf('---'), NOW, { ...rules, maxShare: 1 }).withdraw).toHaveLength(3)
  })
})

describe('instances gone for long', () => {
  const gone = (ttlMs: number, sinceMs: number): ReadonlyMap<string, Lease> =>
    new Map([['a', { ttlMs, renewedAt: NOW - ttlMs - sinceMs, withdrawnAt: NOW - sinceMs }]])

  it.each([
    { ttlMs: 10_000, sinceMs: 99_999, reapAfterMs: undefined, reaps: false },
    { ttlMs: 10_000, sinceMs: 100_000, reapAfterMs: undefined, reaps: true },
    { ttlMs: 1_000, sinceMs: 59_999, reapAfterMs: undefined, reaps: false },
    { ttlMs: 1_000, sinceMs: 60_000, reapAfterMs: undefined, reaps: true },
    { ttlMs: 10_000, sinceMs: 500, reapAfterMs: 500, reaps: true },
  ])('are deleted: $reaps, $sinceMs ms after a ttl of $ttlMs', ({ ttlMs, sinceMs, reapAfterMs, reaps }) => {
    expect(judge(gone(ttlMs, sinceMs), NOW, { ...rules, reapAfterMs }).reap).toEqual(reaps ? ['a'] : [])
  })

  it('are not deleted while they are held', () => {
    expect(judge(fleetOf('---'), NOW, { ...rules, reapAfterMs: 0 }).reap).toEqual([])
  })
})

describe('an outage of the registry', () => {
  it.each([
    { when: 'it looked on time', given: { sinceLastMs: 260, periodMs: 250, deaf: false }, gives: 0 },
    { when: 'it was a little late', given: { sinceLastMs: 1_000, periodMs: 250, deaf: false }, gives: 0 },
    { when: 'it stood still', given: { sinceLastMs: 5_250, periodMs: 250, deaf: false }, gives: 5_000 },
    { when: 'it could not hear its peers', given: { sinceLastMs: 250, periodMs: 250, deaf: true }, gives: 250 },
  ])('extends leases by $gives ms when $when', ({ given, gives }) => expect(outageMs(given)).toBe(gives))

  it('moves the moment a lease runs out', () => {
    expect(extended({ ttlMs: TTL, renewedAt: 5 }, 100)).toEqual({ ttlMs: TTL, renewedAt: 105 })
  })
})
