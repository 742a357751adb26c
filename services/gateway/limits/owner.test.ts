import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ownership, placeOf, seedOf } from './owner.ts'
import { membersOf, viewOf } from './view.ts'

const ids = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 })
const seed = seedOf('policy/rule/service\0clientIp')
const places = Array.from({ length: 9_000 }, (_, i) => placeOf(seed, `10.0.${i >> 8}.${i & 255}`))

describe('the owner of a counter', () => {
  it('is the same whatever the order in which replicas are known', () => {
    const property = fc.property(ids, fc.string(), (replicas, key) => {
      const place = placeOf(seed, key)
      expect(ownership([...replicas].reverse())(place)).toBe(ownership(replicas)(place))
      expect(replicas).toContain(ownership(replicas)(place))
    })
    fc.assert(property, { seed: 3 })
  })

  it('changes only for the counters that a replica takes or leaves', () => {
    const property = fc.property(ids, fc.string({ minLength: 9 }), fc.string(), (replicas, joiner, key) => {
      const place = placeOf(seed, key)
      const [before, after] = [ownership(replicas)(place), ownership([...replicas, joiner])(place)]
      expect([before, joiner]).toContain(after)
    })
    fc.assert(property, { seed: 3 })
  })

  it('is each replica for about as many counters', () => {
    const ownerOf = ownership(['gateway-7d4f-aaaaa', 'gateway-7d4f-bbbbb', 'gateway-7d4f-ccccc'])
    const shares = Object.values(Object.groupBy(places, (place) => ownerOf(place) as string)).map((all) => all?.length)
    expect(shares).toHaveLength(3)
    for (const share of shares) expect(Math.abs((share ?? 0) - 3_000)).toBeLessThan(300)
  })

  it('is nobody when there are no replicas', () => expect(ownership([])(1)).toBeUndefined())
})

describe('the view', () => {
  it('has one name for the same members', () => {
    const views = [viewOf(['b', 'a']), viewOf(['a', 'b', 'a'])]
    expect(views.map(({ ids, name }) => ({ ids, name }))).toEqual(Array(2).fill({ ids: ['a', 'b'], name: '["a","b"]' }))
  })

  it.each([
    { when: 'all is well', listed: ['a', 'b'], connected: ['b'], left: [], members: ['a', 'b'] },
    { when: 'one cannot be reached', listed: ['a', 'b'], connected: [], left: [], members: ['a', 'b'] },
    { when: 'the controller has lost sight of one', listed: ['a'], connected: ['b'], left: [], members: ['a', 'b'] },
    { when: 'one has said goodbye', listed: ['a', 'b'], connected: ['b'], left: ['b'], members: ['a'] },
  ])('has $members as members when $when', ({ listed, connected, left, members }) => {
    expect(viewOf(membersOf({ listed, connected, left: new Set(left) })).ids).toEqual(members)
  })
})
