import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBarrier } from './barrier.ts'
import { type View, viewOf } from './view.ts'

const places = Array.from({ length: 200 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0)
const placeOwnedBy = (...owners: readonly (readonly [View, string])[]) =>
  places.find((place) => owners.every(([view, owner]) => view.ownerOf(place) === owner)) as number

const none = viewOf([])
const [ab, abc, bc, abcd] = [
  viewOf(['a', 'b']),
  viewOf(['a', 'b', 'c']),
  viewOf(['b', 'c']),
  viewOf(['a', 'b', 'c', 'd']),
]

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a counter that has just become this replica’s', () => {
  it('waits until each earlier member has handed over', async () => {
    const barrier = createBarrier('b', 250)
    barrier.enter(none, abc)
    for (const id of ['a', 'c']) barrier.handedOver(id, abc.name)
    const taken = placeOwnedBy([abc, 'a'], [bc, 'b'])
    barrier.enter(abc, bc)
    expect(barrier.pending(taken)).toBeInstanceOf(Promise)
    const waiting = barrier.pending(taken)
    barrier.handedOver('c', bc.name)
    await waiting
    expect([barrier.isOpen(), barrier.pending(taken)]).toEqual([true, undefined])
  })

  it('waits for all others when this replica is new', () => {
    const barrier = createBarrier('c', 250)
    barrier.enter(ab, abc)
    const own = placeOwnedBy([abc, 'c'])
    barrier.handedOver('a', abc.name)
    expect(barrier.pending(own)).toBeInstanceOf(Promise)
    barrier.handedOver('b', abc.name)
    expect(barrier.pending(own)).toBeUndefined()
  })

  it('does not wait for who had handed over before the news came', () => {
    const barrier = createBarrier('c', 250)
    for (const id of ['a', 'b']) barrier.handedOver(id, abc.name)
    barrier.enter(ab, abc)
    expect(barrier.isOpen()).toBe(true)
  })

  it('waits on when what was handed over belongs to another view', () => {
    const barrier = createBarrier('c', 250)
    barrier.enter(ab, abc)
    for (const id of ['a', 'b']) barrier.handedOver(id, abcd.name)
    expect(barrier.isOpen()).toBe(false)
  })

  it('does not wait for who is gone, or longer than it may', async () => {
    const barrier = createBarrier('c', 250)
    barrier.enter(ab, abc)
    barrier.gone('a')
    const waiting = barrier.pending(placeOwnedBy([abc, 'c']))
    vi.advanceTimersByTime(249)
    expect(barrier.isOpen()).toBe(false)
    vi.advanceTimersByTime(1)
    await waiting
    expect(barrier.isOpen()).toBe(true)
  })

  it('waits for the newest view when one is overtaken', () => {
    const barrier = createBarrier('a', 250)
    barrier.enter(ab, abc)
    barrier.handedOver('b', abc.name)
    barrier.enter(abc, abcd)
    const taken = placeOwnedBy([ab, 'a'], [abc, 'a'], [abcd, 'a'])
    expect(barrier.pending(taken)).toBeUndefined()
    barrier.handedOver('b', abcd.name)
    expect(barrier.isOpen()).toBe(false)
    barrier.handedOver('c', abcd.name)
    expect(barrier.isOpen()).toBe(true)
  })

  it('that it had, gave away and got back while waiting, is not taken for one it kept', () => {
    const barrier = createBarrier('a', 250)
    barrier.enter(none, ab)
    barrier.handedOver('b', ab.name)
    const back = placeOwnedBy([ab, 'a'], [abc, 'c'])
    barrier.enter(ab, abc)
    barrier.enter(abc, ab)
    barrier.handedOver('b', abc.name)
    expect(barrier.pending(back)).toBeInstanceOf(Promise)
  })
})

describe('no wait is needed', () => {
  const cases: readonly { what: string; me: string; last: View; next: View; place: number }[] = [
    { what: 'for what this replica keeps', me: 'b', last: abc, next: bc, place: placeOwnedBy([abc, 'b'], [bc, 'b']) },
    { what: 'for what is another’s', me: 'b', last: abc, next: bc, place: placeOwnedBy([bc, 'c']) },
    { what: 'by a replica that leaves', me: 'a', last: abc, next: bc, place: placeOwnedBy([bc, 'c']) },
    { what: 'by a replica that is alone', me: 'a', last: none, next: viewOf(['a']), place: 1 },
    {
      what: 'for those who are as new as the others',
      me: 'a',
      last: viewOf(['a']),
      next: abc,
      place: placeOwnedBy([abc, 'a']),
    },
  ]
  it.each(cases)('$what', ({ me, last, next, place }) => {
    const barrier = createBarrier(me, 250)
    barrier.enter(none, last)
    barrier.stop()
    barrier.enter(last, next)
    expect(barrier.pending(place)).toBeUndefined()
  })
})
