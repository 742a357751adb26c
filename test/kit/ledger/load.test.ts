import { expect, it } from 'vitest'
import { seeded } from '../rate-limits.ts'
import { type Item, items, startSending } from './load.ts'

function first(count: number, seed: number): readonly Item[] {
  return [...items(seeded(seed)).take(count)]
}

it('is the same load for the same seed, by every way in', () => {
  expect(first(500, 3)).toEqual(first(500, 3))
  expect(first(500, 4)).not.toEqual(first(500, 3))
  expect(new Set(first(500, 3).map(({ way }) => way))).toEqual(new Set(['queue', 'service', 'http', 'nobody']))
  expect(new Set(first(500, 3).map(({ id }) => id)).size).toBe(500)
})

it('sends each message with its id until it is confirmed, and no more than enough', async () => {
  const tries = new Map<string, number>()
  const sending = startSending({
    items: items(seeded(3)),
    perSecond: 10_000,
    isEnough: (sent) => sent >= 20,
    async send({ id }) {
      const tried = (tries.get(id) ?? 0) + 1
      tries.set(id, tried)
      if (tried < 2) throw new Error('not this time')
    },
  })
  await sending.done
  expect([sending.sent.size, sending.confirmed.size, sending.retries()]).toEqual([20, 20, 20])
  expect([...tries.values()]).toEqual(Array(20).fill(2))
})
