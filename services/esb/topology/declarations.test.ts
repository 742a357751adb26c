import { describe, expect, it } from 'vitest'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import {
  baseTopology,
  bindingsLost,
  brokerFault,
  type Declaration,
  formerShape,
  routeTopology,
  sourceTopology,
} from './declarations.ts'

const entry = (more: Partial<MessageRouteEntry> = {}): MessageRouteEntry => ({
  ...{ uid: 'u', namespace: 'd', object: 'orders', generation: 1, http: false, steps: [], to: [], prefetch: 10 },
  ...{ retry: { attempts: 1, baseMs: 1_000, maxMs: 1_000 }, maxQueueBytes: 1, maxDeadLetterBytes: 2 },
  ...{ source: { exchange: 'esb_exchange', type: 'direct', keys: ['orders'] } },
  ...more,
})
const throttled = entry({ steps: [{ kind: 'throttle', name: 't', limit: 1, periodMs: 1 }] })

function queueIn(topology: readonly Declaration[], name: string): Readonly<Record<string, unknown>> | undefined {
  const found = topology.find((each) => each.kind === 'queue' && each.name === name)
  return found?.kind === 'queue' ? found.arguments : undefined
}

describe('a broker', () => {
  it.each([
    ['3.9.29', false],
    ['3.10.0', true],
    ['3.10.8', true],
    ['4.0.5', true],
    ['4.3.0-rc.1', true],
    ['', false],
    [undefined, false],
  ])('of version %s can carry the bus: %s', (version, can) => {
    const fault = brokerFault(version)
    expect(fault === undefined).toBe(can)
    if (!can) expect(fault).toContain('3.10 or newer is needed')
  })
})

describe('what all routes stand on', () => {
  it('loses no dead letter: at least once, refused when full, and somewhere to go for what nobody takes', () => {
    const delays = baseTopology('here').filter((each) => each.kind === 'queue' && each.name.startsWith('soa.delay.'))
    expect(delays).toHaveLength(13)
    for (const each of delays) {
      expect(each).toMatchObject({
        arguments: {
          ...{ 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish', 'x-dead-letter-strategy': 'at-least-once' },
          'x-dead-letter-exchange': 'soa.resume',
        },
      })
      // The key that a letter came with names the queue that it returns to.
      expect(each).not.toHaveProperty('arguments.x-dead-letter-routing-key')
    }
    const own = baseTopology('here').filter(
      (each) => each.kind === 'exchange' && /^soa\.(in|resume|dlx)$/.test(each.name),
    )
    for (const each of own) expect(each).toMatchObject({ arguments: { 'alternate-exchange': 'soa.unroutable' } })
  })

  it('has the exchange of the wild just as its clients declare it', () => {
    expect(baseTopology('here')).toContainEqual({
      kind: 'exchange',
      name: 'esb_exchange',
      type: 'direct',
      durable: false,
    })
  })
})

describe('what a route has', () => {
  it.each([
    { version: '3.10.8', limit: undefined },
    { version: '4.0.5', limit: -1 },
  ])('is, on $version, dead letters that may be looked at for ever', ({ version, limit }) => {
    expect(queueIn(routeTopology(entry(), version), 'soa.dlq.d.orders')?.['x-delivery-limit']).toBe(limit)
  })

  it('is a queue with a net for what kills its reader, and one reader where one is needed', () => {
    expect(queueIn(routeTopology(entry(), '4.0.5'), 'soa.route.d.orders')).toEqual({
      ...{ 'x-queue-type': 'quorum', 'x-overflow': 'reject-publish', 'x-dead-letter-strategy': 'at-least-once' },
      ...{ 'x-max-length-bytes': 1, 'x-dead-letter-exchange': 'soa.dlx', 'x-dead-letter-routing-key': 'd.orders' },
      'x-delivery-limit': 20,
    })
    expect(queueIn(routeTopology(throttled, '4.0.5'), 'soa.single.d.orders')).toMatchObject({
      'x-single-active-consumer': true,
    })
  })

  it('leads from the seed’s exchange through the bus’s own, from any other straight to the queue', () => {
    expect(sourceTopology(entry())).toEqual([
      { kind: 'binding', from: 'esb_exchange', key: 'orders', to: { exchange: 'soa.in' } },
      { kind: 'binding', from: 'soa.in', key: 'orders', to: { queue: 'soa.route.d.orders' } },
    ])
    expect(sourceTopology(entry({ source: { exchange: 'mine', type: 'fanout', keys: [] } }))).toEqual([
      { kind: 'foreignExchange', name: 'mine', type: 'fanout' },
      { kind: 'binding', from: 'mine', key: '', to: { queue: 'soa.route.d.orders' } },
    ])
    const { source: _none, ...overHttp } = entry()
    expect(sourceTopology(overHttp)).toEqual([])
  })

  it('led to another queue while it was of the other shape', () => {
    const { queue, bindings } = formerShape(throttled)
    expect(queue).toBe('soa.route.d.orders')
    expect(bindings).toContainEqual({ kind: 'binding', from: 'soa.in', key: 'orders', to: { queue } })
    expect(bindings.every(({ to }) => 'queue' in to && to.queue === queue)).toBe(true)
  })
})

describe('bindings that are lost', () => {
  it('are those that nobody has any more: a seed key that another route is on stays', () => {
    const [one, other] = [entry(), entry({ object: 'copy' })]
    const before = [one, other].flatMap(sourceTopology)
    expect(bindingsLost(before, sourceTopology(other))).toEqual([
      { kind: 'binding', from: 'soa.in', key: 'orders', to: { queue: 'soa.route.d.orders' } },
    ])
    expect(bindingsLost(before, before)).toEqual([])
  })
})
