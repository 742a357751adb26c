import { describe, expect, it } from 'vitest'
import { rateLimit } from '#test/kit/rate-limits.ts'
import { createBook } from './book.ts'
import { askOfWire, frameOfPeer, toWire, verdictOfWire, verdictToWire, type WireCounter } from './wire.ts'

const limit = rateLimit({ key: { by: 'header', header: 'x' }, mode: 'Audit' })
const counter: WireCounter = ['orders', 'header:x', 'k1', 'orders', 5, 10_000, 'Audit']

describe('a counter on the wire', () => {
  it('is the same counter at the other end', () => {
    const [here, there] = [createBook({ maxKeys: 9 }), createBook({ maxKeys: 9 })]
    there.configure([limit])
    expect(toWire({ counters: here.of(limit), key: 'k1' })).toEqual(counter)
    expect(askOfWire(there, counter)).toEqual({ counters: there.of(limit), key: 'k1' })
  })

  it('is decided by the other end’s own configuration', () => {
    const there = createBook({ maxKeys: 9 })
    const newer = { ...limit, limit: 7 }
    there.configure([newer])
    expect(askOfWire(there, counter).counters.limit()).toBe(newer)
  })

  it('of a limit that is not known there yet stays what it was when it is', () => {
    const there = createBook({ maxKeys: 9 })
    const { counters } = askOfWire(there, counter)
    expect(counters.limit()).toEqual({ ...limit, scope: 'cluster', onError: 'local' })
    counters.record('k1', undefined, 1)
    there.configure([limit])
    expect(there.of(limit).find('k1')?.size).toBe(1)
  })
})

describe('a verdict on the wire', () => {
  it.each([
    { ok: true, remaining: 4, waitMs: 12.5, stamp: 3.25 },
    { ok: false, remaining: 0, waitMs: 9_000, stamp: undefined },
  ])('comes back as %j', (verdict) => {
    expect(verdictOfWire(JSON.parse(JSON.stringify(verdictToWire(verdict))))).toEqual(verdict)
  })
})

describe('a frame from a peer', () => {
  it.each([
    { type: 'hello', replica: 'a', stays: true },
    { type: 'asks', items: [] },
    {
      type: 'asks',
      items: [
        [1, 0, [counter]],
        [2, 3, [counter, counter]],
      ],
    },
    { type: 'release', hops: 1, items: [[counter, 12.5]] },
    { type: 'handover', view: '["a"]', logs: [[counter, [5, 0.25, 0]]], last: false },
    { type: 'handover', view: '["a"]', logs: [], last: true },
  ])('is understood: %j', (frame) => expect(frameOfPeer(JSON.stringify(frame))).toEqual(frame))

  const broken = (at: number, value: unknown) => counter.with(at, value as never)
  it.each([
    '',
    'null',
    '[]',
    '{',
    '"asks"',
    { type: 'else' },
    { type: 'constructor' },
    { type: 'hello', replica: 7, stays: true },
    { type: 'hello', replica: 'a' },
    { type: 'asks' },
    { type: 'asks', items: [[1, 0, []]] },
    { type: 'asks', items: [[-1, 0, [counter]]] },
    { type: 'asks', items: [[1, 0.5, [counter]]] },
    { type: 'asks', items: [[1, 0, [counter.slice(1)]]] },
    ...[0, 1, 2, 3, 4, 5, 6].map((at) => ({ type: 'asks', items: [[1, 0, [broken(at, null)]]] })),
    { type: 'asks', items: [[1, 0, [broken(1, 'cookie:x')]]] },
    { type: 'asks', items: [[1, 0, [broken(4, 1_000_001)]]] },
    { type: 'asks', items: [[1, 0, [broken(5, -1)]]] },
    { type: 'asks', items: [[1, 0, [broken(6, 'Off')]]] },
    { type: 'release', hops: 0, items: [[counter, null]] },
    { type: 'release', items: [[counter, 1]] },
    { type: 'handover', view: 'v', logs: [[counter, [-1]]], last: true },
    { type: 'handover', view: 'v', logs: [[counter, ['1']]], last: true },
    { type: 'handover', view: 'v', logs: [] },
    { type: 'handover', logs: [], last: true },
  ])('is none: %j', (frame) => {
    expect(frameOfPeer(typeof frame === 'string' ? frame : JSON.stringify(frame))).toBeUndefined()
  })
})
