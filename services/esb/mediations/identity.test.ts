import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { childId, groupId, MAX_SHORT_BYTES, shortened } from './identity.ts'

const long = (count: number) => 'ä'.repeat(count)

describe('the id of what comes of a message', () => {
  it.each([
    { when: 'it is short', parent: 'm', route: 'default/orders', gives: 'm/default/orders/to/0' },
    {
      when: 'the parent is long',
      parent: long(120),
      route: 'default/orders',
      gives: /^[0-9a-f]{40}\/default\/orders\/to\/0$/,
    },
    { when: 'the route is long', parent: 'm', route: `default/${'a'.repeat(250)}`, gives: /^[0-9a-f]{40}$/ },
  ])('is told by its place when $when', ({ parent, route, gives }) => {
    expect(childId(parent, route, 'to', 0)).toEqual(typeof gives === 'string' ? gives : expect.stringMatching(gives))
  })

  it('has no index where there is but one', () =>
    expect(childId('m', 'default/orders', 'ask')).toBe('m/default/orders/ask'))

  it('fits AMQP’s short strings over any number of hops, and never is the same for two places', () => {
    const place = fc.tuple(fc.string(), fc.constantFrom('to', 'a.0', 'a.tap'), fc.nat(20))
    fc.assert(
      fc.property(place, place, fc.integer({ min: 1, max: 30 }), (one, other, hops) => {
        const [a, b] = [one, other].map(([parent, label, index]) => {
          let id = parent
          for (let hop = 0; hop < hops; hop++) id = childId(id, 'default/orders', label, index)
          return id
        })
        expect(Buffer.byteLength(a as string)).toBeLessThanOrEqual(MAX_SHORT_BYTES)
        expect(a === b).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
    )
  })
})

describe('the id of a group', () => {
  it('is that of its members, however they arrived', () => {
    expect(groupId(['a', 'b'])).toBe(groupId(['b', 'a']))
    expect(groupId(['a', 'b'])).toMatch(/^group-[0-9a-f]{40}$/)
  })
  it('is another for other members', () => expect(groupId(['a', 'b'])).not.toBe(groupId(['a', 'c'])))
})

describe('a shortened text', () => {
  it('stays while it fits', () => expect(shortened('a'.repeat(255))).toBe('a'.repeat(255)))
  it('is a name of it where it does not', () => expect(shortened('a'.repeat(256))).toMatch(/^[0-9a-f]{40}$/))
})
