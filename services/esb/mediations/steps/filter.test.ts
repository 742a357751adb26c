import { expect, it } from 'vitest'
import { legible, mediationOf, messageOf, portsOf } from '#test/gen/mediation.ts'

const out = { id: 'm/default/orders/to/0', to: { kind: 'queue', queue: 'out' }, headers: {} }

it.each([
  { when: '{% total > 10 %}', body: '{"total":11}' },
  { when: '{% $headers.a = "x" %}', headers: { a: 'x' }, body: 'not JSON' },
  { when: '{% $ = "Hello" %}', body: 'Hello' },
  { when: '{% $message.key = "orders" and $attempt = 2 %}', body: '' },
])('$when lets $body pass', async ({ when, body, headers = {} }) => {
  const mediation = mediationOf([{ kind: 'filter', name: 'f', when }])
  expect(legible(await mediation.plan(messageOf(body, { headers }), portsOf(), 2))).toEqual({
    outcome: 'deliver',
    deliveries: [{ ...out, body, headers }],
    trace: ['f: let it pass: the condition is true'],
  })
})

it.each([
  { when: '{% total > 10 %}', body: '{"total":10}' },
  { when: '{% missing %}', body: '{}' },
  { when: '{% items %}', body: '{"items":[]}' },
  { when: '{% $event.type = "a" %}', body: '{"type":"a"}' },
])('$when drops $body', async ({ when, body }) => {
  const mediation = mediationOf([{ kind: 'filter', name: 'f', when }])
  expect(legible(await mediation.plan(messageOf(body), portsOf()))).toEqual({
    outcome: 'drop',
    reason: 'Filtered',
    step: 'f',
    trace: ['f: dropped it: the condition is false'],
  })
})
