import { parseList } from 'structured-headers'
import { describe, expect, it } from 'vitest'
import { rateLimit } from '#test/kit/rate-limits.ts'
import { retryAfter, seconds, stateOf, textOf } from './headers.ts'

describe('a limit in response fields', () => {
  it.each([
    { name: 'annotation', policy: '"annotation";q=5;w=10', state: '"annotation";r=3;t=7' },
    { name: 'shop/orders', policy: '"shop/orders";q=5;w=10', state: '"shop/orders";r=3;t=7' },
    { name: 'a"b\\c', policy: '"a\\"b\\\\c";q=5;w=10', state: '"a\\"b\\\\c";r=3;t=7' },
    { name: 'größe\r\nx', policy: '"gr??e??x";q=5;w=10', state: '"gr??e??x";r=3;t=7' },
  ])('called $name is a member of a structured list', ({ name, policy, state }) => {
    const text = textOf(rateLimit({ name }))
    expect(text.policy).toBe(policy)
    expect(stateOf(text, { remaining: 3, waitMs: 6_001 })).toBe(state)
    expect(parseList(`${policy}, ${policy}`)).toHaveLength(2)
  })

  it.each([
    [500, 1],
    [1_500, 2],
    [86_400_000, 86_400],
  ])('has a window of %d ms as %d seconds', (periodMs, w) => {
    expect(textOf(rateLimit({ periodMs })).policy).toBe(`"orders";q=5;w=${w}`)
  })

  it('is the same text for the same limit', () => {
    const limit = rateLimit()
    expect(textOf(limit)).toBe(textOf(limit))
  })
})

describe('seconds', () => {
  it.each([
    [0, 0, '1'],
    [0.4, 1, '1'],
    [1_000, 1, '1'],
    [1_000.000_000_2, 1, '1'],
    [1_000.01, 2, '2'],
    [9_999.5, 10, '10'],
  ])('of %d ms are %d, to retry after %s', (ms, whole, after) => {
    expect([seconds(ms), retryAfter(ms)]).toEqual([whole, after])
  })
})
