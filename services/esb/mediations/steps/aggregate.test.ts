import { describe, expect, it } from 'vitest'
import type { RouteStep } from '#lib/model/esb.ts'
import { deliveriesOf, legible, mediationOf, messageOf, portsOf, toQueue } from '#test/gen/mediation.ts'
import { groupId } from '../identity.ts'
import type { Message } from '../message.ts'
import type { Group, Held, Mediation } from '../plan.ts'

type Aggregate = Extract<RouteStep, { kind: 'aggregate' }>

const collect = (changes: Partial<Aggregate> = {}): Aggregate => ({
  ...{ kind: 'aggregate', name: 'all', correlation: '{% order %}', size: 2, windowMs: 5_000 },
  ...changes,
})
const line = (id: string, n: number, properties: Partial<Message> = {}) =>
  messageOf({ order: 7, n }, { id, ...properties })

async function held(mediation: Mediation, message: Message): Promise<{ readonly group: Group; readonly held: Held }> {
  const plan = await mediation.plan(message, portsOf())
  if (plan.outcome !== 'hold') throw new Error(`The message is not held: ${JSON.stringify(plan)}`)
  return plan
}

async function joined(mediation: Mediation, ...messages: readonly Message[]) {
  const all = await Promise.all(messages.map((message) => held(mediation, message)))
  const [first] = all
  if (first === undefined) throw new Error('A group has at least one member')
  const members = all.map(({ held }) => held)
  return mediation.resume(first.group, members, portsOf())
}

describe('a message of a group', () => {
  it('is held, as it stands', async () => {
    const transform = { kind: 'transform', name: 't', value: '{% { "order": order, "n": n * 2 } %}' } as const
    const message = line('a', 1)
    const plan = await mediationOf([transform, collect()]).plan(message, portsOf(), 3)
    expect(plan).toMatchObject({
      outcome: 'hold',
      group: { step: 'all', correlation: '7', size: 2, windowMs: 5_000 },
      held: { message, value: { order: 7, n: 2 }, attempt: 3 },
    })
    expect(legible(plan)).toMatchObject({
      trace: ['t: made another body', 'all: holds it for a group of 2, 5000 ms at most'],
    })
  })

  it('is remembered with what a dedupe step asked for', async () => {
    const dedupe = { kind: 'dedupe', name: 'once', key: '{% n %}', windowMs: 1_000 } as const
    const plan = await mediationOf([dedupe, collect()]).plan(line('a', 1), portsOf({ seen: () => false }))
    expect(plan).toMatchObject({ outcome: 'hold', remember: { key: '1', windowMs: 1_000 } })
  })

  it.each([
    { what: 'no correlation', body: {}, reason: 'ExpressionFailed' },
    { what: 'an empty correlation', body: { order: '' }, reason: 'ExpressionFailed' },
    { what: 'a body that no list could have', body: Buffer.from([0xff]), reason: 'Unreadable' },
  ])('fails for good with $what', async ({ body, reason }) =>
    expect(await mediationOf([collect()]).plan(messageOf(body), portsOf())).toMatchObject({
      outcome: 'fail',
      failure: { class: 'Permanent', reason, step: 'all' },
    }),
  )
})

describe('a group', () => {
  it('goes on as a list of bodies, with the first message’s properties and an id of its own', async () => {
    const id = groupId(['a', 'b'])
    const first = line('a', 1, { type: 'line', correlationId: 'c', headers: { from: 'first' } })
    expect(legible(await joined(mediationOf([collect()]), first, line('b', 2, { type: 'other' })))).toEqual({
      outcome: 'deliver',
      deliveries: [
        {
          ...{ id: `${id}/default/orders/to/0`, to: { kind: 'queue', queue: 'out' } },
          ...{ body: '[{"order":7,"n":1},{"order":7,"n":2}]', contentType: 'application/json' },
          ...{ type: 'line', correlationId: 'c', headers: { from: 'first' } },
        },
      ],
      trace: ['all: made one message of 2'],
    })
  })

  it('of one is a list of one', async () =>
    expect(deliveriesOf(await joined(mediationOf([collect()]), line('a', 1)))).toMatchObject([
      { body: '[{"order":7,"n":1}]' },
    ]))

  it.each([
    { value: '{% { "order": $[0].order, "sum": $sum(n) } %}', gives: '{"order":7,"sum":3}' },
    { value: '{% $messages.(id & "/" & headers.from) %}', gives: '["a/x","b/y"]' },
    { value: '{% $message.id = $messages[0].id %}', gives: 'false' },
    { value: '{% $attempt %}', gives: '1' },
  ])('becomes what $value makes of it', async ({ value, gives }) => {
    const [a, b] = [line('a', 1, { headers: { from: 'x' } }), line('b', 2, { headers: { from: 'y' } })]
    expect(deliveriesOf(await joined(mediationOf([collect({ value })]), a, b))).toMatchObject([{ body: gives }])
  })

  it('goes through the steps that follow', async () => {
    const steps = [
      collect(),
      { kind: 'filter', name: 'f', when: '{% $sum(n) > 2 %}' },
      { kind: 'split', name: 's', items: '{% n %}' },
    ] as const
    const id = groupId(['a', 'b'])
    const plan = await joined(mediationOf(steps), line('a', 1), line('b', 2))
    expect(deliveriesOf(plan)).toMatchObject([
      { id: `${id}/default/orders/s/0/default/orders/to/0`, body: '1' },
      { id: `${id}/default/orders/s/1/default/orders/to/0`, body: '2' },
    ])
    expect(legible(await joined(mediationOf(steps), line('a', 1), line('b', 1)))).toMatchObject({
      ...{ outcome: 'drop', reason: 'Filtered', step: 'f' },
      trace: ['all: made one message of 2', 'f: dropped it: the condition is false'],
    })
  })

  it('takes along the copies that watchers asked for', async () => {
    const tap = { kind: 'wireTap', name: 'watch', to: toQueue('soa.tap') } as const
    const plan = await joined(mediationOf([tap, collect()]), line('a', 1), line('b', 2))
    expect(deliveriesOf(plan)).toMatchObject([
      { id: 'a/default/orders/watch.tap/0', tap: 'watch', body: '{"order":7,"n":1}' },
      { id: 'b/default/orders/watch.tap/0', tap: 'watch', body: '{"order":7,"n":2}' },
      { id: `${groupId(['a', 'b'])}/default/orders/to/0` },
    ])
  })

  it('of CloudEvents is one, like the first', async () => {
    const event = { specversion: '1.0', source: '/a', type: 'line' }
    const contentType = 'application/cloudevents+json'
    const [a, b] = ['a', 'b'].map((id) => messageOf({ ...event, id, data: { order: 7 } }, { id, contentType }))
    const [only] = deliveriesOf(await joined(mediationOf([collect()]), a as Message, b as Message))
    expect(JSON.parse(only?.body ?? '')).toEqual({
      ...event,
      ...{ id: groupId(['a', 'b']), datacontenttype: 'application/json', data: [{ order: 7 }, { order: 7 }] },
    })
  })

  it('fails as a whole, at its step', async () =>
    expect(await joined(mediationOf([collect({ value: '{% missing %}' })]), line('a', 1), line('b', 2))).toMatchObject({
      outcome: 'fail',
      failure: { class: 'Permanent', reason: 'ExpressionFailed', step: 'all' },
      trace: [{ step: 'all', kind: 'aggregate' }],
    }))

  it('of a step that the route has no more is a fault', async () => {
    const { group, held: one } = await held(mediationOf([collect()]), line('a', 1))
    await expect(mediationOf([]).resume(group, [one], portsOf())).rejects.toThrow(
      'There is nothing to make of 1 messages that step all held',
    )
  })
})
