import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { topicMatches } from './topic.ts'

describe('a key matches a pattern as a topic exchange has it', () => {
  it.each([
    { pattern: 'order.created', key: 'order.created', matches: true },
    { pattern: 'order.created', key: 'order.changed', matches: false },
    { pattern: 'order.*', key: 'order.created', matches: true },
    { pattern: 'order.*', key: 'order', matches: false },
    { pattern: 'order.*', key: 'order.created.eu', matches: false },
    { pattern: '*.created', key: 'order.created', matches: true },
    { pattern: 'order.#', key: 'order', matches: true },
    { pattern: 'order.#', key: 'order.created.eu', matches: true },
    { pattern: '#.eu', key: 'order.created.eu', matches: true },
    { pattern: '#.eu', key: 'eu', matches: true },
    { pattern: 'a.#.z', key: 'a.z', matches: true },
    { pattern: 'a.#.z', key: 'a.b.c.z', matches: true },
    { pattern: 'a.#.*', key: 'a', matches: false },
    { pattern: '#.#', key: '', matches: true },
    { pattern: '#', key: '', matches: true },
    { pattern: '*', key: '', matches: false },
    { pattern: '', key: '', matches: true },
    { pattern: '', key: 'a', matches: false },
    { pattern: 'a.*.c', key: 'a..c', matches: true },
    { pattern: 'a*', key: 'ab', matches: false },
  ])('$pattern, $key: $matches', ({ pattern, key, matches }) => expect(topicMatches(pattern, key)).toBe(matches))

  it('a key matches itself, and with any of its words as *, and any run of them as #', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(words, fc.nat(), fc.nat(), (key, at, length) => {
        const from = at % key.length
        const starred = key.with(from, '*').join('.')
        const hashed = key.toSpliced(from, length % (key.length - from + 1), '#').join('.')
        for (const pattern of [key.join('.'), starred, hashed]) expect(topicMatches(pattern, key.join('.'))).toBe(true)
      }),
    )
  })
})
