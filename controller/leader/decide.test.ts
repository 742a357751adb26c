import { expect, it } from 'vitest'
import { claimed, decide, type Lease, type LeaseSpec, microTime, released, sighted } from './decide.ts'

const lease = (spec: LeaseSpec): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'l', namespace: 'n', resourceVersion: '1' },
  spec,
})
const theirs = { holderIdentity: 'they', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' }
const now = new Date('2026-11-24T14:00:00.123Z')

it.each([
  { when: 'there is no lease', of: undefined, seenForMs: 0, does: { act: 'create' } },
  { when: 'it was given back', of: lease({ ...theirs, holderIdentity: '' }), seenForMs: 0, does: { act: 'take' } },
  { when: 'it has no spec', of: lease({}), seenForMs: 0, does: { act: 'take' } },
  { when: 'it is ours', of: lease({ ...theirs, holderIdentity: 'me' }), seenForMs: 99_000, does: { act: 'renew' } },
  { when: 'it is theirs', of: lease(theirs), seenForMs: 0, does: { act: 'wait', expiresInMs: 15_000 } },
  { when: 'it has long been theirs', of: lease(theirs), seenForMs: 14_999, does: { act: 'wait', expiresInMs: 1 } },
  { when: 'it has not moved for its time', of: lease(theirs), seenForMs: 15_000, does: { act: 'take' } },
  {
    when: 'it names no time',
    of: lease({ holderIdentity: 'they' }),
    seenForMs: 4_000,
    does: { act: 'wait', expiresInMs: 6_000 },
  },
])('gives $does.act when $when', ({ of, seenForMs, does }) => {
  const seen = sighted(undefined, of, 1_000)
  expect(decide(of, { me: 'me', seen, nowMs: 1_000 + seenForMs, durationMs: 10_000 })).toEqual(does)
})

it('counts from when it saw the lease change, whatever the time written in it', () => {
  const first = sighted(undefined, lease({ ...theirs, renewTime: '1999-01-01T00:00:00.000000Z' }), 0)
  const same = sighted(first, lease({ ...theirs, renewTime: '1999-01-01T00:00:00.000000Z' }), 9_000)
  const moved = sighted(same, lease({ ...theirs, renewTime: '1998-01-01T00:00:00.000000Z' }), 12_000)
  expect([first.atMs, same.atMs, moved.atMs]).toEqual([0, 0, 12_000])
})

it.each([
  { act: 'create', on: undefined, gives: { acquireTime: microTime(now), leaseTransitions: 0 } },
  { act: 'take', on: { ...theirs, leaseTransitions: 4 }, gives: { acquireTime: microTime(now), leaseTransitions: 5 } },
  {
    act: 'renew',
    on: { ...theirs, acquireTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 4 },
    gives: { acquireTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 4 },
  },
] as const)('writes its claim to $act', ({ act, on, gives }) => {
  expect(claimed(on && lease(on), act, { me: 'me', now, durationMs: 15_000 })).toEqual({
    holderIdentity: 'me',
    leaseDurationSeconds: 15,
    renewTime: '2026-11-24T14:00:00.123000Z',
    ...gives,
  })
})

it('gives the lease back with no holder and the shortest time', () => {
  expect(released(lease({ ...theirs, leaseTransitions: 4 }), now)).toEqual({
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: microTime(now),
    renewTime: microTime(now),
    leaseTransitions: 4,
  })
})
