import { expect, it } from 'vitest'
import { seeded } from '../rate-limits.ts'
import { type Fault, schedule, struck } from './faults.ts'

const faults: readonly Fault[] = ['a', 'b', 'c'].map((name) => ({ name, strike: async () => {} }))
const names = (seed: number, count: number) => [...schedule(faults, seeded(seed)).take(count)].map(({ name }) => name)

it('strikes with each fault once before any comes again, in an order of the seed', () => {
  expect(
    [0, 3, 6].map((from) =>
      names(1, 9)
        .slice(from, from + 3)
        .sort()
        .join(''),
    ),
  ).toEqual(['abc', 'abc', 'abc'])
  expect(names(1, 30)).toEqual(names(1, 30))
  expect(names(2, 30)).not.toEqual(names(1, 30))
})

it('says which fault it was that could not be mended', async () => {
  const strike = () => Promise.reject(new Error('it does not start'))
  await expect(struck({ name: 'kill -9 of the broker', strike })).rejects.toThrow(
    'kill -9 of the broker: it does not start',
  )
})
