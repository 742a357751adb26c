import { describe, expect, it } from 'vitest'
import type { RouteStep } from '#lib/model/esb.ts'
import { deliveriesOf, legible, mediationOf, messageOf, portsOf, toQueue } from '#test/gen/mediation.ts'
import type { Message } from './message.ts'

describe('a route without steps', () => {
  const mediation = mediationOf([], [toQueue('a'), { kind: 'route', route: 'default/next', format: 'AsReceived' }])

  it('passes on everything that is the sender’s, and nothing else', async () => {
    const properties: Partial<Message> = {
      ...{
        contentType: 'text/plain',
        contentEncoding: 'gzip',
        type: 't',
        correlationId: 'c',
        replyTo: 'r',
        timestamp: 1,
      },
      headers: {
        ...{ mine: 1, traceparent: 't', 'x-retries': 2 },
        ...{ 'x-death': [], 'x-first-death-queue': 'q', 'x-last-death-reason': 'expired', 'x-delivery-count': 1 },
        ...{ CC: ['a'], BCC: ['b'], 'soa-hops': 3, 'soa-exchange': 'x' },
      },
    }
    const message = messageOf('packed', properties)
    const sent = {
      ...{
        contentType: 'text/plain',
        contentEncoding: 'gzip',
        type: 't',
        correlationId: 'c',
        replyTo: 'r',
        timestamp: 1,
      },
      ...{ body: 'packed', headers: { mine: 1, traceparent: 't', 'x-retries': 2 } },
    }
    expect(legible(await mediation.plan(message, portsOf()))).toEqual({
      outcome: 'deliver',
      deliveries: [
        { id: 'm/default/orders/to/0', to: { kind: 'queue', queue: 'a' }, ...sent },
        { id: 'm/default/orders/to/1', to: { kind: 'route', route: 'default/next' }, ...sent },
      ],
      trace: [],
    })
  })

  it('never reads a body: what cannot be read passes, as the very same bytes', async () => {
    const message = messageOf('{ broken', { contentType: 'application/json' })
    const plan = await mediation.plan(message, portsOf())
    if (plan.outcome !== 'deliver') throw new Error('Nothing is delivered')
    for (const { body } of plan.deliveries) expect(body).toBe(message.body)
  })
})

describe('a plan', () => {
  const steps: readonly RouteStep[] = [
    { kind: 'filter', name: 'paid', when: '{% paid %}' },
    { kind: 'transform', name: 'lines', value: '{% { "lines": lines.{ "sku": sku, "shop": $headers.shop } } %}' },
    { kind: 'split', name: 'each', items: '{% lines %}' },
    {
      ...{ kind: 'route', name: 'where', match: 'First' },
      cases: [{ when: '{% sku = "b" %}', to: [toQueue('b')] }],
    },
  ]
  const body = { paid: true, lines: [{ sku: 'a' }, { sku: 'b' }] }

  it('says step by step what becomes of a message', async () =>
    expect(legible(await mediationOf(steps).plan(messageOf(body, { headers: { shop: 's' } }), portsOf()))).toEqual({
      outcome: 'deliver',
      deliveries: [
        {
          ...{ id: 'm/default/orders/each/1/default/orders/where.0/0', to: { kind: 'queue', queue: 'b' } },
          ...{ body: '{"sku":"b","shop":"s"}', contentType: 'application/json', headers: { shop: 's' } },
        },
        {
          ...{ id: 'm/default/orders/each/0/default/orders/to/0', to: { kind: 'queue', queue: 'out' } },
          ...{ body: '{"sku":"a","shop":"s"}', contentType: 'application/json', headers: { shop: 's' } },
        },
      ],
      trace: [
        'paid: let it pass: the condition is true',
        'lines: made another body',
        'each: split it into 2',
        'where: 1 × let it pass: no case is true; 1 × sent it where cases say: 0',
      ],
    }))

  it('shows the values after each step where they are asked for, and how long each took', async () => {
    let now = 0
    const monotonic = () => (now += 5)
    const { trace } = await mediationOf(steps).plan(messageOf(body), portsOf({ withValues: true, monotonic }))
    const seconds = 0.005
    const lines = [{ sku: 'a' }, { sku: 'b' }]
    expect(trace.map(({ did: _did, ...rest }) => rest)).toEqual([
      { step: 'paid', kind: 'filter', seconds, value: body },
      { step: 'lines', kind: 'transform', seconds, value: { lines } },
      { step: 'each', kind: 'split', seconds, value: lines },
      { step: 'where', kind: 'route', seconds, value: lines },
    ])
  })

  it('shows the beginning of what is large, and nothing of bytes', async () => {
    const throttle = { kind: 'throttle', name: 't', limit: 1, periodMs: 1_000 } as const
    const shown = async (body: unknown) => {
      const { trace } = await mediationOf([throttle]).plan(messageOf(body), portsOf({ withValues: true }))
      return trace[0]?.value
    }
    expect(await shown('a'.repeat(5_000))).toBe(`${'a'.repeat(4_096)}…`)
    expect(await shown({ a: 'a'.repeat(5_000) })).toBe(`{"a":"${'a'.repeat(4_090)}…`)
    expect(await shown(Buffer.from([0xff]))).toBeUndefined()
    expect(await shown(JSON.parse('['.repeat(1_000) + ']'.repeat(1_000)))).toBeDefined()
  })

  it('fails with a body that is not what its type says once a step looks at it', async () => {
    const message = messageOf('{', { contentType: 'application/json' })
    expect(await mediationOf(steps).plan(message, portsOf())).toMatchObject({
      outcome: 'fail',
      failure: { class: 'Permanent', reason: 'Unreadable', step: 'paid' },
    })
  })

  it('may be made of many messages at once', async () => {
    const mediation = mediationOf([{ kind: 'transform', name: 't', value: '{% $ + 1 %}' }])
    const numbers = Array.from({ length: 100 }, (_none, index) => index)
    const plans = await Promise.all(numbers.map((n) => mediation.plan(messageOf(n), portsOf())))
    expect(plans.map((plan) => deliveriesOf(plan)[0]?.body)).toEqual(numbers.map((n) => String(n + 1)))
  })
})
