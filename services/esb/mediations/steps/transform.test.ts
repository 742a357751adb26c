import { expect, it } from 'vitest'
import { deliveriesOf, legible, mediationOf, messageOf, portsOf } from '#test/gen/mediation.ts'

const TEXT = 'text/plain; charset=utf-8'

it.each([
  { value: '{% { "n": n + 1 } %}', gives: '{"n":2}', contentType: 'application/json' },
  { value: '{% [n] %}', gives: '[1]', contentType: 'application/json' },
  { value: '{% null %}', gives: 'null', contentType: 'application/json' },
  { value: '{% "n is " & n %}', gives: 'n is 1', contentType: TEXT },
  { value: 'n is {% n %}', gives: 'n is 1', contentType: TEXT },
  { value: 'always', gives: 'always', contentType: TEXT },
  { value: '<n>{% n %}</n>', asked: 'application/xml', gives: '<n>1</n>', contentType: 'application/xml' },
  { value: '{% "a" %}', asked: 'application/json', gives: '"a"', contentType: 'application/json' },
])('$value makes $gives of type $contentType', async ({ value, asked, gives, contentType }) => {
  const mediation = mediationOf([
    { kind: 'transform', name: 't', value, ...(asked !== undefined && { contentType: asked }) },
  ])
  // What packed the old body says nothing of the new one.
  const message = messageOf({ n: 1 }, { contentType: 'application/vnd.n+json', contentEncoding: 'identity', type: 'n' })
  expect(legible(await mediation.plan(message, portsOf()))).toEqual({
    outcome: 'deliver',
    deliveries: [
      {
        ...{ id: 'm/default/orders/to/0', to: { kind: 'queue', queue: 'out' }, type: 'n', headers: {} },
        ...{ body: gives, contentType },
      },
    ],
    trace: ['t: made another body'],
  })
})

it('hands its value to the next step', async () => {
  const add = (name: string) => ({ kind: 'transform', name, value: '{% $ + 1 %}' }) as const
  const plan = await mediationOf([add('a'), add('b')]).plan(messageOf('1'), portsOf())
  expect(deliveriesOf(plan)).toMatchObject([{ body: '3' }])
})

it.each([
  { value: '{% missing %}', reason: 'ExpressionFailed', message: /gave no value: \{% missing %\}$/ },
  { value: '{% n + "a" %}', reason: 'ExpressionFailed', message: /T2002/ },
  { value: '{% $error("no") %}', reason: 'ExpressionFailed', message: /no/ },
  { value: '{% ($f := function($i) { 1 + $f($i) }; $f(1)) %}', reason: 'ExpressionLimit', message: /./ },
])('fails for good with $reason on $value', async ({ value, reason, message }) => {
  const plan = await mediationOf([{ kind: 'transform', name: 't', value }]).plan(messageOf({ n: 1 }), portsOf())
  const failure = { class: 'Permanent', reason, message: expect.stringMatching(message), step: 't' }
  expect(plan).toMatchObject({ outcome: 'fail', failure })
})
