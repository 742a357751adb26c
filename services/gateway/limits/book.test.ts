import { describe, expect, it } from 'vitest'
import { rateLimit } from '#test/kit/rate-limits.ts'
import { createBook } from './book.ts'
import { createCounters, identityOf } from './counters.ts'

const byIp = { by: 'clientIp' } as const

describe('the book', () => {
  it('keeps the counters of a limit through all that is not its identity', () => {
    const book = createBook({ maxKeys: 9 })
    const first = rateLimit()
    book.configure([first])
    book.of(first).record('', undefined, 1)
    const next = rateLimit({ name: 'renamed', id: 'orders', limit: 2, periodMs: 500, scope: 'replica', mode: 'Audit' })
    book.configure([next])
    expect([book.of(next), book.of({ ...next }), book.at(identityOf(first))]).toEqual(Array(3).fill(book.of(first)))
    expect({ limit: book.of(first).limit(), size: book.of(first).size() }).toEqual({ limit: next, size: 1 })
  })

  it.each([
    { when: 'the id differs', other: rateLimit({ name: 'else' }) },
    { when: 'the kind of key differs', other: rateLimit({ key: byIp }) },
    { when: 'the header differs', other: rateLimit({ key: { by: 'header', header: 'y' } }) },
  ])('counts apart when $when', ({ other }) => {
    const book = createBook({ maxKeys: 9 })
    const limit = rateLimit({ key: { by: 'header', header: 'x' } })
    expect(book.of(other)).not.toBe(book.of(limit))
  })

  it('keeps the counters of a limit that is gone until its window is over', () => {
    const book = createBook({ maxKeys: 9 })
    const limit = rateLimit()
    book.configure([limit])
    const counters = book.of(limit)
    counters.record('', undefined, 1)
    book.configure([])
    expect([...book.inForce()]).toEqual([])
    book.sweep(10_000)
    expect(book.of(limit)).toBe(counters)
    book.sweep(10_001)
    expect({ held: [...book.all()], at: book.at(identityOf(limit)) }).toEqual({ held: [], at: undefined })
    expect(book.of(limit)).not.toBe(counters)
  })

  it('counts on where it was when a limit comes back in time', () => {
    const book = createBook({ maxKeys: 9 })
    const limit = rateLimit()
    book.configure([limit])
    book.of(limit).record('', undefined, 1)
    book.configure([])
    book.configure([{ ...limit }])
    book.sweep(20_000)
    expect([...book.inForce()]).toEqual([limit])
    expect(book.of(limit).size()).toBe(0)
  })

  it('knows a limit that it was never configured with, until it is swept', () => {
    const book = createBook({ maxKeys: 9 })
    book.of(rateLimit())
    expect([...book.inForce()]).toEqual([])
    book.sweep(0)
    expect([...book.all()]).toEqual([])
  })

  it('sweeps no more than a slice at a time, and all of it in the end', () => {
    const book = createBook({ maxKeys: 10_000 })
    const limit = rateLimit({ key: byIp })
    book.configure([limit])
    for (let i = 0; i < 5_000; i++) book.of(limit).record(`k${i}`, undefined, 1)
    const sizes = Array.from({ length: 4 }, () => {
      book.sweep(20_000)
      return book.of(limit).size()
    })
    expect(sizes[0]).toBe(3_000)
    expect(sizes.at(-1)).toBe(0)
  })
})

describe('the counters of a limit', () => {
  it('never hold more than the most keys, and make room of what has expired', () => {
    const counters = createCounters(rateLimit(), 100)
    for (let i = 0; i < 1_000; i++) if (counters.hasRoom(i)) counters.record(`a${i}`, undefined, i)
    expect(counters.size()).toBe(100)
    expect(counters.record('one more', undefined, 1_000)).toBeUndefined()
    let refused = 0
    for (let i = 0; i < 1_000; i++) {
      if (counters.hasRoom(12_000)) counters.record(`b${i}`, undefined, 12_000)
      else refused++
    }
    expect({ size: counters.size(), refused: refused - 900 <= 100 / 8 }).toEqual({ size: 100, refused: true })
  })

  it('keep a key that is an object’s property name, and nothing else', () => {
    const counters = createCounters(rateLimit({ key: byIp }), 9)
    expect(counters.find('__proto__')).toBeUndefined()
    counters.record('__proto__', undefined, 1)
    expect([...counters.entries()].map(([key]) => key)).toEqual(['__proto__'])
  })

  it('keep keys that are no well-formed text apart', () => {
    const counters = createCounters(rateLimit({ key: byIp }), 9)
    for (const key of ['\ud800', '\ud801', 'ÿ']) counters.record(key, undefined, 1)
    expect(['\ud800', '\ud801', 'ÿ'].map((key) => counters.find(key)?.size)).toEqual([1, 1, 1])
    expect(counters.size()).toBe(3)
  })
})
