import { expect, it } from 'vitest'
import { createStaleness } from './staleness.ts'

it('counts whole seconds from the moment the controller went out of reach, and not while it is there', () => {
  let now = 5_000
  let isStale = false
  const { seconds } = createStaleness(() => isStale, { now: () => now, monotonic: () => now })
  expect(seconds()).toBeUndefined()
  isStale = true
  expect(seconds()).toBe(0)
  now += 61_900
  expect(seconds()).toBe(61)
  isStale = false
  expect(seconds()).toBeUndefined()
  isStale = true
  expect(seconds()).toBe(0)
})
