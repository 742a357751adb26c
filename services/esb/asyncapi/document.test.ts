import { describe, expect, it } from 'vitest'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { routeOf } from '#test/gen/mediation.ts'
import { asyncApi } from './document.ts'

const format = 'AsReceived' as const
const schema = { type: 'object', required: ['total'] }

function described(changes: Partial<MessageRouteEntry>) {
  const entry = { ...routeOf([]), ...changes }
  const key = `${entry.namespace}/${entry.object}`
  return { key, entry, queue: `soa.route.${entry.namespace}.${entry.object}` }
}

interface Document {
  readonly channels: Readonly<Record<string, { readonly messages: Readonly<Record<string, unknown>> }>>
  readonly operations: Readonly<Record<string, unknown>>
  readonly components: { readonly messages: Readonly<Record<string, { readonly payload?: unknown }>> }
}

const documentOf = (...routes: readonly Partial<MessageRouteEntry>[]) =>
  asyncApi(routes.map(described), '1.2.3') as Document

describe('the document', () => {
  const document = documentOf({
    http: true,
    source: { exchange: 'esb_exchange', type: 'direct', keys: ['orders'] },
    steps: [
      { kind: 'filter', name: 'f', when: '{% true %}' },
      { kind: 'validate', name: 'v', schema },
      { kind: 'transform', name: 't', value: '{% $ %}' },
    ],
    to: [
      { kind: 'exchange', exchange: 'esb_exchange', key: '{% country %}', format },
      { kind: 'route', route: 'default/other', format },
      { kind: 'webSocket', channel: 'orders', format },
    ],
  })

  it('has a channel for each way in and out', () => {
    expect(document.channels).toEqual({
      'exchange.esb_exchange.orders': {
        address: 'orders',
        servers: [{ $ref: '#/servers/broker' }],
        bindings: {
          amqp: {
            ...{ is: 'routingKey', bindingVersion: '0.3.0' },
            exchange: { name: 'esb_exchange', type: 'direct', durable: false, vhost: '/' },
          },
        },
        messages: { 'default.orders': { $ref: '#/components/messages/default.orders' } },
      },
      'http.default.orders': {
        address: '/messages/orders',
        servers: [{ $ref: '#/servers/bus' }],
        messages: { 'default.orders': { $ref: '#/components/messages/default.orders' } },
      },
      [Object.keys(document.channels).find((id) => id.includes('country')) as string]: {
        ...{ address: null, 'x-soaplane-template': '{% country %}' },
        servers: [{ $ref: '#/servers/broker' }],
        bindings: {
          amqp: { is: 'routingKey', exchange: { name: 'esb_exchange', vhost: '/' }, bindingVersion: '0.3.0' },
        },
        messages: { 'default.orders.out': { $ref: '#/components/messages/default.orders.out' } },
      },
      [Object.keys(document.channels).find((id) => id.includes('other')) as string]: {
        address: 'default/other',
        servers: [{ $ref: '#/servers/broker' }],
        bindings: {
          amqp: {
            ...{ is: 'queue', queue: { name: 'default/other', durable: true, vhost: '/' } },
            ...{ 'x-soaplane-queue-type': 'quorum', bindingVersion: '0.3.0' },
          },
        },
        messages: { 'default.orders.out': { $ref: '#/components/messages/default.orders.out' } },
      },
      'webSocket.default.orders': {
        address: '/channels/orders',
        servers: [{ $ref: '#/servers/bus' }],
        bindings: {
          ws: {
            ...{ method: 'GET', bindingVersion: '0.1.0' },
            query: { type: 'object', properties: { namespace: { type: 'string', const: 'default' } } },
          },
        },
        messages: { 'default.orders.out': { $ref: '#/components/messages/default.orders.out' } },
      },
    })
  })

  it('receives at the ways in and sends at the ways out', () => {
    expect(Object.keys(document.operations)).toEqual([
      'default.orders.receive.0',
      'default.orders.receive.http',
      'default.orders.send.0',
      'default.orders.send.1',
      'default.orders.send.2',
    ])
    expect(document.operations['default.orders.receive.http']).toEqual({
      action: 'receive',
      channel: { $ref: '#/channels/http.default.orders' },
      messages: [{ $ref: '#/channels/http.default.orders/messages/default.orders' }],
      ...{ 'x-soaplane-queue': 'soa.route.default.orders', 'x-soaplane-queue-type': 'quorum' },
      bindings: {
        http: {
          ...{ method: 'POST', bindingVersion: '0.3.0' },
          query: { type: 'object', properties: { namespace: { type: 'string', const: 'default' } } },
        },
      },
    })
  })

  it('has the schema of what comes in, until a step makes another body of it', () => {
    const payload = { schemaFormat: 'application/schema+json;version=2020-12', schema }
    const { messages } = document.components
    expect([messages['default.orders']?.payload, messages['default.orders.out']?.payload]).toEqual([payload, undefined])
  })
})

it('takes a schema after a change for what goes out alone', () => {
  const steps = [
    { kind: 'transform', name: 't', value: '{% $ %}' },
    { kind: 'validate', name: 'v', schema },
  ] as const
  const { messages } = documentOf({ steps, http: true }).components
  expect([messages['default.orders']?.payload, messages['default.orders.out']?.payload]).toEqual([
    undefined,
    { schemaFormat: 'application/schema+json;version=2020-12', schema },
  ])
})

it('has one channel for what several routes share', () => {
  const source = { exchange: 'e', type: 'topic', keys: ['k'] } as const
  const { channels } = documentOf({ object: 'a', source, to: [] }, { object: 'b', source, to: [] })
  expect(Object.entries(channels).map(([id, { messages }]) => [id, Object.keys(messages)])).toEqual([
    ['exchange.e.k', ['default.a', 'default.b']],
  ])
})

it('keeps names apart that an id cannot tell', () => {
  const to = ['a/b', 'a_b'].map((queue) => ({ kind: 'queue', queue, format }) as const)
  expect(Object.keys(documentOf({ to }).channels)).toEqual([
    expect.stringMatching(/^queue\.a_b-[0-9a-f]{8}$/),
    'queue.a_b',
  ])
})
