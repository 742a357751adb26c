import { expect, it } from 'vitest'
import { middleBy, percentile, summaryOf } from './statistics.ts'

const upTo = (n: number) => Array.from({ length: n }, (_, i) => n - i)

it.each([
  { of: upTo(100), percent: 50, gives: 50 },
  { of: upTo(100), percent: 99, gives: 99 },
  { of: upTo(200), percent: 99, gives: 198 },
  { of: upTo(10), percent: 99, gives: 10 },
  { of: [7], percent: 1, gives: 7 },
  { of: [3, 1, 2], percent: 0, gives: 1 },
  { of: [3, 1, 2], percent: 100, gives: 3 },
])('p$percent of $of.length values is $gives', ({ of, percent, gives }) => expect(percentile(of, percent)).toBe(gives))

it('refuses a percentile of nothing', () => {
  expect(() => percentile([], 50)).toThrow('There is no percentile of nothing')
})

it('leaves the measurements in their order', () => {
  const values = [3, 1, 2]
  expect(summaryOf(values)).toEqual({ count: 3, p50: 2, p99: 3, max: 3 })
  expect(values).toEqual([3, 1, 2])
})

it.each([
  { rounds: [30, 10, 20], gives: 20 },
  { rounds: [40, 10, 20, 30], gives: 20 },
  { rounds: [5], gives: 5 },
])('of the rounds $rounds it reports the one with $gives', ({ rounds, gives }) => {
  expect(
    middleBy(
      rounds.map((rate) => ({ rate })),
      ({ rate }) => rate,
    ),
  ).toEqual({ rate: gives })
})
