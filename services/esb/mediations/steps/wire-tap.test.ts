import { expect, it } from 'vitest'
import { legible, mediationOf, messageOf, portsOf, toQueue } from '#test/gen/mediation.ts'

const tap = { kind: 'wireTap', name: 'watch', to: toQueue('soa.tap') } as const
const transform = { kind: 'transform', name: 't', value: 'changed' } as const
const copy = {
  ...{ id: 'm/default/orders/watch.tap/0', to: { kind: 'queue', queue: 'soa.tap' }, headers: {}, tap: 'watch' },
  ...{ body: 'Hello', correlationId: 'c' },
}
const message = messageOf('Hello', { replyTo: 'r', correlationId: 'c' })

it('sends a copy as the message stands there, which asks for no reply', async () =>
  expect(legible(await mediationOf([tap, transform]).plan(message, portsOf()))).toEqual({
    outcome: 'deliver',
    deliveries: [
      copy,
      {
        ...{ id: 'm/default/orders/to/0', to: { kind: 'queue', queue: 'out' }, headers: {} },
        ...{ body: 'changed', contentType: 'text/plain; charset=utf-8', correlationId: 'c', replyTo: 'r' },
      },
    ],
    trace: ['watch: made a copy', 't: made another body'],
  }))

it('sends it also of a message that is dropped after it', async () => {
  const never = { kind: 'filter', name: 'never', when: '{% false %}' } as const
  expect(legible(await mediationOf([tap, never]).plan(message, portsOf()))).toEqual({
    outcome: 'deliver',
    deliveries: [copy],
    dropped: { reason: 'Filtered', step: 'never' },
    trace: ['watch: made a copy', 'never: dropped it: the condition is false'],
  })
})

it('sends none of a message that fails: it comes again', async () => {
  const broken = { kind: 'transform', name: 'broken', value: '{% 1 + "a" %}' } as const
  expect(await mediationOf([tap, broken]).plan(message, portsOf())).toMatchObject({
    outcome: 'fail',
    failure: { step: 'broken' },
  })
})
