import { expect, it } from 'vitest'
import type { ManagedObject } from '../api/objects.ts'
import { createStandings } from './standing.ts'

const told = (total: number) =>
  ({ metadata: { uid: 'u' }, status: { replicas: { acked: total, total } } }) as unknown as ManagedObject
const items = [{ slice: 'gateway', key: 'd/a' }] as const
const here = (total: number) => ({ acked: total, total, without: [] })

it('a replica that left is missed for a while, then the count is told, however often it is asked for until it was', () => {
  let now = 0
  const standings = createStandings({ settleMs: 100, clock: { now: () => now, monotonic: () => now } })
  const shrinks = (object: ManagedObject) => standings.of(object, items, here(2)).shrinking
  now = 1_000
  expect(shrinks(told(3))).toBe(true)
  now = 1_099
  expect(shrinks(told(3))).toBe(true)
  now = 1_100
  expect([shrinks(told(3)), shrinks(told(3)), shrinks(told(2))]).toEqual([false, false, false])
  // The next one is missed anew.
  now = 5_000
  expect(standings.of(told(2), items, here(1)).shrinking).toBe(true)
})
