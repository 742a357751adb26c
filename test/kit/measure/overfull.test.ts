import { expect, it } from 'vitest'
import { overfull } from './overfull.ts'

const at = (...moments: readonly number[]) => moments.map((sentAt) => ({ sentAt, answeredAt: sentAt + 1 }))
const rule = { limit: 2, periodMs: 10 }

it.each([
  { when: 'no window holds more than the limit', passages: at(0, 1, 11, 12), gives: 0 },
  { when: 'three fall into one window', passages: at(0, 4, 8), gives: 1 },
  { when: 'two windows are too full', passages: at(0, 1, 2, 3), gives: 2 },
  { when: 'nothing passed', passages: [], gives: 0 },
  { when: 'the third may have been decided outside', passages: [...at(0, 1), { sentAt: 5, answeredAt: 10 }], gives: 0 },
  { when: 'they come in no order', passages: at(8, 0, 4), gives: 1 },
])('$gives windows are too full when $when', ({ passages, gives }) => expect(overfull(passages, rule)).toBe(gives))
