import { describe, expect, it } from 'vitest'
import { rateLimit } from '#test/kit/rate-limits.ts'
import { createBook } from './book.ts'
import { adopt, misplaced, packed } from './handover.ts'
import { newestOf } from './log.ts'
import type { WireCounter } from './wire.ts'

const limit = rateLimit({ key: { by: 'clientIp' }, limit: 3 })
const wire = (key: string): WireCounter => ['orders', 'clientIp', key, 'orders', 3, 10_000, 'Enforce']

function filled(stamps: Readonly<Record<string, readonly number[]>>, maxKeys = 1e6) {
  const book = createBook({ maxKeys })
  book.configure([limit])
  for (const [key, all] of Object.entries(stamps))
    for (const stamp of all) book.of(limit).record(key, book.of(limit).find(key), stamp)
  return book
}

const held = (book: ReturnType<typeof filled>) =>
  Object.fromEntries(Array.from(book.of(limit).entries(), ([key, log]) => [key, newestOf(log, 9)]))

describe('what is misplaced', () => {
  it('is what belongs elsewhere, with its owner', () => {
    const book = filled({ mine: [1], yours: [2], theirs: [3] })
    const owners = new Map([
      ['yours', 'b'],
      ['theirs', 'c'],
    ])
    const slices = [...misplaced(book, ({ key }) => owners.get(key))]
    expect(slices.flat().map(({ key, owner }) => [key, owner])).toEqual([...owners])
  })

  it('comes in slices, by logs looked at and by stamps', () => {
    const many = filled(Object.fromEntries(Array.from({ length: 12_000 }, (_, i) => [`k${i}`, [1]])))
    expect([...misplaced(many, () => undefined)].map((slice) => slice.length)).toEqual([0, 0, 0])
    expect([...misplaced(many, () => 'b')].map((slice) => slice.length)).toEqual([5_000, 5_000, 2_000])
    const long = filled(Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`k${i}`, [1, 2, 3]])))
    expect([...misplaced(long, () => 'b')].map((slice) => slice.length)).toEqual([1_667, 1_667, 666])
  })

  it('is met once, though logs come and go between slices', () => {
    const book = filled(Object.fromEntries(Array.from({ length: 6_000 }, (_, i) => [`k${i}`, [1]])))
    const seen: string[] = []
    for (const slice of misplaced(book, () => 'b')) {
      for (const { counters, key } of slice) counters.drop(key)
      seen.push(...slice.map(({ key }) => key))
      if (seen.length === 5_000) {
        book.of(limit).drop('k5500')
        book.of(limit).record('late', undefined, 2)
      }
    }
    expect(seen).toHaveLength(6_000)
    expect({ gone: seen.includes('k5500'), came: seen.includes('late'), left: held(book) }).toEqual({
      gone: false,
      came: true,
      left: {},
    })
  })
})

describe('a log that is handed over', () => {
  it('travels as ages, rounded to the younger', () => {
    const book = filled({ k: [1_000, 1_000.004, 2_500.678] })
    const log = book.of(limit).find('k')
    expect(log && packed({ counters: book.of(limit), key: 'k', log }, 3_000)).toEqual([
      wire('k'),
      [2_000, 1_999.99, 499.32],
    ])
  })

  it('stays behind when nothing of it counts any more', () => {
    const book = filled({ k: [1_000] })
    const log = book.of(limit).find('k')
    expect(log && packed({ counters: book.of(limit), key: 'k', log }, 11_000)).toBeUndefined()
  })

  it('is merged with what is there already', () => {
    const book = filled({ k: [5_000, 7_000] })
    adopt(
      book,
      [
        [wire('k'), [4_000, 2_000]],
        [wire('new'), [1_000]],
      ],
      10_000,
    )
    expect(held(book)).toEqual({ k: [6_000, 7_000, 8_000], new: [9_000] })
  })

  it('is left out when there is no room for its key', () => {
    const book = filled({ k: [9_000] }, 1)
    adopt(book, [[wire('new'), [1_000]]], 10_000)
    expect(held(book)).toEqual({ k: [9_000] })
  })
})
