import { describe, expect, it } from 'vitest'
import { discardOrder, replayOrder } from './order.ts'

describe('an order', () => {
  it('may say nothing: all letters, as fast as they go', () => {
    expect(replayOrder({})).toEqual({ ok: true, order: { limit: 10_000, dryRun: false } })
  })

  it('says which letters, how many, how fast, and whether in earnest', () => {
    const filter = "{% reason = 'ServiceFailed' %}"
    expect(replayOrder({ filter, ids: ['a'], limit: 3, rate: '100/1s', dryRun: true })).toEqual({
      ok: true,
      order: { filter, ids: ['a'], limit: 3, rate: { limit: 100, periodMs: 1_000 }, dryRun: true },
    })
  })

  it.each([
    { json: undefined, detail: 'the body must be object' },
    { json: { filtre: 'x' }, detail: '"filtre" is not known here' },
    { json: { limit: 0 }, detail: 'limit must be >= 1' },
    { json: { limit: 10_001 }, detail: 'limit must be <= 10000' },
    { json: { ids: [] }, detail: 'ids must NOT have fewer than 1 items' },
    { json: { ids: [1] }, detail: 'ids/0 must be string' },
    { json: { rate: 'fast' }, detail: 'rate: must look like 5/10s: a count, a slash, a duration' },
    { json: { rate: '0/1s' }, detail: 'rate: the count must be 1 or more' },
  ])('is refused: $detail', ({ json, detail }) => {
    expect(replayOrder(json)).toEqual({ ok: false, status: 400, reason: 'OrderInvalid', detail })
  })
})

describe('an order to discard', () => {
  it.each([{ filter: '{% true %}' }, { ids: ['a'] }, { all: true }])('is taken with %j', (json) => {
    expect(discardOrder(json).ok).toBe(true)
  })

  it.each([{}, { all: false }, { limit: 1 }])('has to say that all are meant: not by %j', (json) => {
    expect(discardOrder(json)).toMatchObject({ ok: false, reason: 'OrderInvalid' })
  })
})
