import { describe, expect, it } from 'vitest'
import type { Destination } from '#lib/model/esb.ts'
import { deliveriesOf, mediationOf, messageOf, portsOf } from '#test/gen/mediation.ts'

const AS_RECEIVED = { format: 'AsReceived' } as const
const SERVICE: Destination = {
  ...{ kind: 'service', service: 'default/stock', serviceName: 'Stock', method: 'PUT', path: '/stock/{% id %}' },
  ...{ timeoutMs: 100, headers: [], ...AS_RECEIVED },
}
const EVENT = { specversion: '1.0', id: 'e', source: '/ü', type: 'b' }
const TO: Destination = { kind: 'queue', queue: 'q', ...AS_RECEIVED }

async function addressesOf(to: readonly Destination[], ...message: Parameters<typeof messageOf>) {
  return deliveriesOf(await mediationOf([], to).plan(messageOf(...message), portsOf())).map((delivery) => delivery.to)
}

describe('a destination', () => {
  it.each([
    { to: { kind: 'exchange', exchange: 'x', key: 'a' }, is: { kind: 'exchange', exchange: 'x', key: 'a' } },
    { to: { kind: 'exchange', exchange: 'x', key: '' }, is: { kind: 'exchange', exchange: 'x', key: '' } },
    { to: { kind: 'exchange', exchange: 'x', key: 'a.{% id %}' }, is: { kind: 'exchange', exchange: 'x', key: 'a.7' } },
    { to: { kind: 'exchange', exchange: 'x', key: '{% none %}' }, is: { kind: 'exchange', exchange: 'x', key: '' } },
    { to: { kind: 'queue', queue: 'q' }, is: { kind: 'queue', queue: 'q' } },
    { to: { kind: 'webSocket', channel: 'c/{% id %}' }, is: { kind: 'webSocket', channel: 'c/7' } },
    { to: { kind: 'route', route: 'default/next' }, is: { kind: 'route', route: 'default/next' } },
  ] as const)('$to is at $is', async ({ to, is }) =>
    expect(await addressesOf([{ ...to, ...AS_RECEIVED }], { id: 7, none: '' })).toEqual([is]),
  )

  it.each([
    {
      what: 'a key that is a list',
      key: '{% list %}',
      why: 'The key for exchange x must be text, a number or a boolean: {% list %}',
    },
    {
      what: 'a key that is missing',
      key: '{% missing %}',
      why: 'The key for exchange x must be text, a number or a boolean: {% missing %}',
    },
    { what: 'a key of 256 bytes', key: '{% long %}', why: /^The key for exchange x is longer than 255 bytes: é/ },
    {
      what: 'always a key of 256 bytes',
      key: 'é'.repeat(128),
      why: /^The key for exchange x is longer than 255 bytes: é/,
    },
  ])('cannot have $what', async ({ key, why }) => {
    const to = { kind: 'exchange', exchange: 'x', key, ...AS_RECEIVED } as const
    const plan = await mediationOf([], [TO, to]).plan(messageOf({ list: [1], long: 'é'.repeat(128) }), portsOf())
    const message = typeof why === 'string' ? why : expect.stringMatching(why)
    expect(plan).toEqual({
      outcome: 'fail',
      failure: { class: 'Permanent', reason: 'ExpressionFailed', message },
      trace: [],
    })
  })
})

describe('a service as a destination', () => {
  it('is called once for each message, told by its key', async () => {
    const message = messageOf({ id: 7 }, { contentType: 'application/json', headers: { traceparent: 't', a: 1 } })
    const [delivery] = deliveriesOf(await mediationOf([], [SERVICE]).plan(message, portsOf()))
    expect(delivery).toEqual({
      id: 'm/default/orders/to/0',
      to: {
        kind: 'service',
        request: {
          ...{ service: 'default/stock', serviceName: 'Stock', method: 'PUT', path: '/stock/7', timeoutMs: 100 },
          headers: {
            'idempotency-key': 'm/default/orders/to/0',
            'content-type': 'application/json',
            traceparent: 't',
          },
          body: message.body,
        },
      },
      body: '{"id":7}',
      contentType: 'application/json',
      headers: { traceparent: 't', a: 1 },
    })
  })

  it.each([
    {
      format: 'AsReceived',
      headers: { 'ce-specversion': '1.0', 'ce-id': 'e', 'ce-source': '/%C3%BC', 'ce-type': 'b' },
    },
    { format: 'Plain', headers: {} },
  ] as const)('gets an event $format', async ({ format, headers }) => {
    const given = Object.fromEntries(Object.entries(EVENT).map(([name, value]) => [`cloudEvents:${name}`, value]))
    const [to] = await addressesOf([{ ...SERVICE, format }], { id: 7 }, { headers: given })
    expect(to).toMatchObject({ kind: 'service' })
    const { 'idempotency-key': _key, ...rest } = to?.kind === 'service' ? to.request.headers : {}
    expect(rest).toEqual(headers)
  })

  it('is not told of an encoding that is none', async () => {
    const encodings = ['utf-8', 'gzip']
    const told = encodings.map(async (contentEncoding) => {
      const [to] = await addressesOf([{ ...SERVICE, path: '/' } as Destination], 'a', { contentEncoding })
      return to?.kind === 'service' && to.request.headers['content-encoding']
    })
    expect(await Promise.all(told)).toEqual([undefined, 'gzip'])
  })

  it('gets nothing by GET but the path', async () => {
    const [to] = await addressesOf([{ ...SERVICE, method: 'GET' } as Destination], { id: 7 })
    expect(to).toEqual({
      kind: 'service',
      request: {
        ...{ service: 'default/stock', serviceName: 'Stock', method: 'GET', path: '/stock/7', timeoutMs: 100 },
        headers: {},
      },
    })
  })
})
