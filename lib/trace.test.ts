import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { childOf } from './trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const half = () => 0.5

describe('a trace that came along', () => {
  it.each([
    { came: `00-${TRACE}-${PARENT}-01`, flags: '01', why: 'it is recorded' },
    { came: `00-${TRACE}-${PARENT}-00`, flags: '00', why: 'it is not recorded' },
    { came: ` 00-${TRACE}-${PARENT}-03 `, flags: '03', why: 'space around it counts for nothing' },
    { came: `00-${TRACE}-${PARENT}-ff`, flags: '03', why: 'unknown flags are not passed on' },
    { came: `cc-${TRACE}-${PARENT}-01-what-comes`, flags: '01', why: 'a later version may have more' },
    { came: `cc-${TRACE}-${PARENT}-01`, flags: '01', why: 'a later version may have no more' },
  ])('goes on with a new parent: $why', ({ came, flags }) => {
    expect(childOf(came, half)).toEqual({
      traceparent: `00-${TRACE}-8000000080000000-${flags}`,
      traceId: TRACE,
      isContinued: true,
    })
  })
})

describe('a new trace begins', () => {
  it.each([
    { came: undefined, why: 'nothing came' },
    { came: '', why: 'it is empty' },
    { came: 'nonsense', why: 'it has another form' },
    { came: `00-${TRACE.toUpperCase()}-${PARENT}-01`, why: 'it has capitals' },
    { came: `00-${'0'.repeat(32)}-${PARENT}-01`, why: 'the trace is zero' },
    { came: `00-${TRACE}-${'0'.repeat(16)}-01`, why: 'the parent is zero' },
    { came: `ff-${TRACE}-${PARENT}-01`, why: 'its version is none' },
    { came: `00-${TRACE}-${PARENT}-01-more`, why: 'this version has no more' },
    { came: `cc-${TRACE}-${PARENT}-01x`, why: 'what follows is not set off' },
  ])('when $why', ({ came }) => {
    const traceId = '80000000'.repeat(4)
    expect(childOf(came, half)).toEqual({
      traceparent: `00-${traceId}-8000000080000000-03`,
      traceId,
      isContinued: false,
    })
  })

  it('with ids that are never zero, even when chance gives nothing else', () => {
    expect(childOf(undefined, () => 0).traceparent).toBe(`00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-03`)
  })
})

it('goes on from whatever it wrote', () =>
  fc.assert(
    fc.property(fc.string(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (came, chance) => {
      const first = childOf(came, () => chance)
      expect(childOf(first.traceparent, half)).toMatchObject({ traceId: first.traceId, isContinued: true })
    }),
  ))
