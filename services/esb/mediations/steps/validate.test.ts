import { expect, it } from 'vitest'
import { legible, mediationOf, messageOf, portsOf, routeOf, tools } from '#test/gen/mediation.ts'
import { createMediation } from '../mediation.ts'

const schema = { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } }
const mediation = mediationOf([{ kind: 'validate', name: 'v', schema }])

it('lets pass what fits', async () =>
  expect(legible(await mediation.plan(messageOf({ id: 1 }), portsOf()))).toMatchObject({
    outcome: 'deliver',
    deliveries: [{ body: '{"id":1}' }],
    trace: ['v: found it valid'],
  }))

it.each([
  { body: '{}', violations: "must have required property 'id'" },
  { body: '{"id":"a"}', violations: 'id: must be integer' },
  { body: 'Hello', violations: 'must be object' },
])('refuses $body for good: $violations', async ({ body, violations }) => {
  const message = `The body does not fit the schema: ${violations}`
  expect(legible(await mediation.plan(messageOf(body), portsOf()))).toEqual({
    outcome: 'fail',
    failure: { class: 'Permanent', reason: 'SchemaViolation', message, step: 'v' },
    trace: [`v: failed: ${message}`],
  })
})

it('refuses bytes, of which no schema says anything', async () =>
  expect(await mediation.plan(messageOf(Buffer.from([0xff])), portsOf())).toMatchObject({
    failure: { reason: 'SchemaViolation', message: 'The body does not fit the schema: it is neither JSON nor text' },
  }))

it('does not compile with a broken schema', () =>
  expect(() =>
    createMediation(routeOf([{ kind: 'validate', name: 'v', schema: { type: 'nonsense' } }]), tools),
  ).toThrow('type'))
