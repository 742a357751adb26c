import { expect, it } from 'vitest'
import { legible, mediationOf, messageOf, portsOf } from '#test/gen/mediation.ts'
import type { Remembered } from '../plan.ts'

const mediation = (key: string) => mediationOf([{ kind: 'dedupe', name: 'once', key, windowMs: 5_000 }])

it.each([
  { key: '{% $message.id %}', body: {}, is: 'm' },
  { key: '{% order %}', body: { order: 7 }, is: '7' },
  { key: '{% shop %}/{% order %}', body: { shop: 'a', order: 7 }, is: 'a/7' },
  { key: '{% $string($) %}', body: { of: 'a'.repeat(300) }, is: expect.stringMatching(/^[0-9a-f]{40}$/) },
])('asks for $is, and remembers it with the message', async ({ key, body, is }) => {
  const asked: Remembered[] = []
  const seen = (remembered: Remembered) => asked.push(remembered) === 0
  const plan = await mediation(key).plan(messageOf(body), portsOf({ seen }))
  expect(asked).toEqual([{ key: is, windowMs: 5_000 }])
  expect(legible(plan)).toMatchObject({
    outcome: 'deliver',
    remember: { key: is, windowMs: 5_000 },
    trace: ['once: let it pass: it was not seen before'],
  })
})

it('drops what was seen', async () =>
  expect(legible(await mediation('{% $message.id %}').plan(messageOf({}), portsOf({ seen: () => true })))).toEqual({
    outcome: 'drop',
    reason: 'Duplicate',
    step: 'once',
    trace: ['once: dropped it: it was seen before'],
  }))

it.each([
  { body: {}, why: 'The key must be text, a number or a boolean: {% order %}' },
  { body: { order: '' }, why: 'The key is empty: {% order %}' },
  { body: { order: [1] }, why: 'The key must be text, a number or a boolean: {% order %}' },
])('fails a message without a key: all of them would be copies of one', async ({ body, why }) =>
  expect(await mediation('{% order %}').plan(messageOf(body), portsOf())).toMatchObject({
    failure: { class: 'Permanent', reason: 'ExpressionFailed', message: why, step: 'once' },
  }),
)
