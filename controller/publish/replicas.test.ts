import { describe, expect, it } from 'vitest'
import {
  acknowledged,
  afterGrace,
  everyReplica,
  LOST_GRACE_MS,
  type Replica,
  refusing,
  wholeVersion,
} from './replicas.ts'

const at = (version: string, lostAt?: number): Replica => ({
  id: 'g1',
  slice: 'gateway',
  url: '',
  ready: true,
  acked: version,
  ...(lostAt !== undefined && { lostAt }),
})

describe('every replica', () => {
  it.each([
    { when: 'it is connected here', own: [at('here')], elsewhere: [], gives: 'here' },
    { when: 'it is connected there', own: [], elsewhere: [at('there')], gives: 'there' },
    { when: 'it moved there', own: [at('here', 5)], elsewhere: [at('there')], gives: 'there' },
    { when: 'it moved here', own: [at('here')], elsewhere: [at('there', 5)], gives: 'here' },
    { when: 'it was lost twice', own: [at('here', 9)], elsewhere: [at('there', 5)], gives: 'here' },
    { when: 'two think that they hold it', own: [at('here')], elsewhere: [at('there')], gives: 'here' },
  ])('counts once, as known $gives, when $when', ({ own, elsewhere, gives }) => {
    expect(everyReplica(own, elsewhere).map(({ acked }) => acked)).toEqual([gives])
  })

  it('counts those of both', () => {
    const other = { ...at('there'), id: 'g2' }
    expect(everyReplica([at('here')], [other]).map(({ id }) => id)).toEqual(['g2', 'g1'])
  })
})

it('waits for a lost replica as long as it may serve its last copy, then no more', () => {
  const replicas = new Map([['g1', at('1', 1_000)]])
  expect(afterGrace(replicas, 1_000 + LOST_GRACE_MS - 1)).toBe(replicas)
  expect([...afterGrace(replicas, 1_000 + LOST_GRACE_MS)]).toEqual([])
})

describe('what a replica says of a version', () => {
  const partly: Replica = { ...at('1'), refusedItems: [['a', 'no']] }
  it.each([
    { says: 'that it serves it', gives: acknowledged(partly, { version: '2' }), is: at('2'), whole: '2' },
    { says: 'that it serves all of the same', gives: acknowledged(partly, { version: '1' }), is: at('1'), whole: '1' },
    {
      says: 'that it refuses none of it',
      gives: acknowledged(refusing(partly, { version: '2', error: 'poison' }), { version: '2', refused: [] }),
      is: at('2'),
      whole: '2',
    },
    {
      says: 'that it serves it but for an item',
      gives: acknowledged(partly, { version: '2', refused: [['b', 'never']] }),
      is: { ...at('2'), refusedItems: [['b', 'never']] },
      whole: undefined,
    },
    {
      says: 'that it refuses it: it goes on as before',
      gives: refusing(partly, { version: '2', error: 'poison' }),
      is: { ...partly, refused: { version: '2', error: 'poison' } },
      whole: undefined,
    },
  ])('counts when it says $says', ({ gives, is, whole }) => {
    expect([gives, wholeVersion(gives)]).toEqual([is, whole])
  })
})
