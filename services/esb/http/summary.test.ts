import { expect, it } from 'vitest'
import { runningRoute } from '#test/gen/running-route.ts'
import { summaryOf } from './summary.ts'

const format = 'AsReceived' as const
const call = { service: 'default/a', serviceName: 'A', path: '/p', timeoutMs: 1, headers: [] } as const

it('shows of a route where messages come from, what is done, where they go, and how it fares', () => {
  const route = runningRoute(
    {
      http: true,
      source: { exchange: 'esb_exchange', type: 'direct', keys: ['orders'] },
      steps: [
        { kind: 'filter', name: 'big', when: '{% total > 1 %}' },
        { kind: 'wireTap', name: 'watch', to: { kind: 'webSocket', channel: 'orders', format } },
        {
          ...{ kind: 'route', name: 'by-country', match: 'First' },
          cases: [{ when: '{% true %}', to: [{ kind: 'route', route: 'default/other', format }] }],
        },
      ],
      to: [
        { kind: 'exchange', exchange: 'esb_exchange', key: 'service_a', format },
        { kind: 'service', method: 'POST', ...call, format },
        { kind: 'queue', queue: 'q', format },
      ],
    },
    { unready: () => 'no consumer', inHand: () => ({ count: 2, oldestMs: 1_500 }) },
  )
  expect(summaryOf(route, { queue: { messages: 3, consumers: 1 }, deadLetters: undefined })).toEqual({
    route: 'default/orders',
    generation: 1,
    ready: false,
    why: 'no consumer',
    from: [{ exchange: 'esb_exchange', type: 'direct', keys: ['orders'] }, { http: '/messages/orders' }],
    steps: [
      { name: 'big', kind: 'filter' },
      { name: 'watch', kind: 'wireTap' },
      { name: 'by-country', kind: 'route' },
    ],
    to: [
      { webSocket: 'orders' },
      { route: 'default/other' },
      { exchange: 'esb_exchange', key: 'service_a' },
      { service: 'A', method: 'POST', path: '/p' },
      { queue: 'q' },
    ],
    queue: { name: 'soa.route.default.orders', messages: 3, consumers: 1 },
    inHand: { count: 2, oldestSeconds: 1.5 },
    deadLetters: null,
  })
})
