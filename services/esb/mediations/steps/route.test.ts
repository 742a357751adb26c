import { expect, it } from 'vitest'
import { deliveriesOf, legible, mediationOf, messageOf, portsOf, toQueue } from '#test/gen/mediation.ts'

const cases = [
  { when: '{% n > 10 %}', to: [toQueue('large')] },
  { when: '{% n > 5 %}', to: [toQueue('medium'), toQueue('copy')] },
]
const route = (match: 'First' | 'All') => ({ kind: 'route', name: 'size', match, cases }) as const
const after = { kind: 'transform', name: 'after', value: 'changed' } as const

it.each([
  { match: 'First', n: 11, queues: ['large'], trace: 'size: sent it where cases say: 0' },
  { match: 'First', n: 6, queues: ['medium', 'copy'], trace: 'size: sent it where cases say: 1' },
  { match: 'First', n: 1, queues: ['out'], trace: 'size: let it pass: no case is true' },
  { match: 'All', n: 11, queues: ['large', 'medium', 'copy'], trace: 'size: sent it where cases say: 0, 1' },
  { match: 'All', n: 6, queues: ['medium', 'copy'], trace: 'size: sent it where cases say: 1' },
  { match: 'All', n: 1, queues: ['out'], trace: 'size: let it pass: no case is true' },
] as const)('$match of the cases sends $n to $queues', async ({ match, n, queues, trace }) => {
  const plan = await mediationOf([route(match)]).plan(messageOf({ n }), portsOf())
  expect(legible(plan)).toMatchObject({
    outcome: 'deliver',
    deliveries: queues.map((queue) => ({ to: { kind: 'queue', queue }, body: `{"n":${n}}` })),
    trace: [trace],
  })
})

it('names deliveries after step and case', async () => {
  const plan = await mediationOf([route('All')]).plan(messageOf({ n: 11 }), portsOf())
  expect(deliveriesOf(plan).map(({ id }) => id)).toEqual([
    'm/default/orders/size.0/0',
    'm/default/orders/size.1/0',
    'm/default/orders/size.1/1',
  ])
})

it('sends what a case takes as it stands; the rest goes through the next steps', async () => {
  const split = { kind: 'split', name: 's', items: '{% $ %}' } as const
  const mediation = mediationOf([split, route('First'), after])
  const plan = await mediation.plan(messageOf([{ n: 1 }, { n: 11 }]), portsOf())
  expect(deliveriesOf(plan)).toMatchObject([
    { to: { queue: 'large' }, body: '{"n":11}' },
    { to: { queue: 'out' }, body: 'changed' },
  ])
})

it('does not let a later filter drop what a case took', async () => {
  const never = { kind: 'filter', name: 'never', when: '{% false %}' } as const
  const split = { kind: 'split', name: 's', items: '{% $ %}' } as const
  const plan = await mediationOf([split, route('First'), never]).plan(messageOf([{ n: 1 }, { n: 11 }]), portsOf())
  expect(deliveriesOf(plan)).toMatchObject([{ to: { queue: 'large' } }])
})
