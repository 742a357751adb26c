import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '#lib/clock.ts'
import { controlApp, endOf, type HttpPart, httpPart } from '#lib/http.ts'
import { createMetrics } from '#lib/metrics.ts'
import type { RouteStep } from '#lib/model/esb.ts'
import { answerOf } from '#test/gen/mediation.ts'
import { runningRoute, runningRoutes } from '#test/gen/running-route.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { planRoutes } from './plan.ts'

const ask = (method: 'GET' | 'POST', onError: 'Fail' | 'Continue' = 'Fail'): RouteStep => ({
  ...{ kind: 'enrich', name: 'ask', into: 'product', onError },
  call: {
    service: 'default/products',
    serviceName: 'products',
    method,
    path: '/p/{% id %}',
    timeoutMs: 1_000,
    headers: [],
  },
})
const double: RouteStep = { kind: 'transform', name: 'double', value: '{% { "total": total * 2 } %}' }

const running = runningRoutes(
  runningRoute({ object: 'doubles', steps: [double] }),
  runningRoute({ object: 'asks', steps: [ask('GET')] }),
  runningRoute({ object: 'goes-on', steps: [ask('GET', 'Continue')] }),
  runningRoute({ object: 'posts', steps: [ask('POST')] }),
  runningRoute({
    ...{ object: 'keys', source: { exchange: 'shop', type: 'topic', keys: ['k1', 'k2'] } },
    steps: [{ kind: 'transform', name: 'where', value: '{% $message %}' }],
  }),
  runningRoute({
    ...{ object: 'pairs' },
    steps: [{ kind: 'aggregate', name: 'pair', correlation: '{% of %}', size: 2, windowMs: 1_000 }, double],
  }),
)

let server: HttpPart
let called: string[] = []
beforeEach(async () => {
  called = []
  const app = controlApp({ metrics: createMetrics({ process: false }), unready: () => [] })
  const routes = planRoutes({
    ...{ running, clock: systemClock, config: { maxMessageBytes: 100 } as never },
    async call({ path }) {
      called.push(path)
      return answerOf({ name: 'pen' })
    },
  })
  for (const { method, path, handlers } of routes) app[method](path, ...handlers)
  server = httpPart('test', endOf(app, quietLog()), { host: '127.0.0.1', port: 0 })
  await server.start()
})
afterEach(() => server.stop())

async function plan(route: string, body: unknown, type = 'application/json'): Promise<Record<string, unknown>> {
  const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': type, 'idempotency-key': 'm' } }
  return (await (await fetch(`${server.url()}/routes/default/${route}`, init)).json()) as Record<string, unknown>
}

it('tells step by step what would become of a message', async () => {
  expect(await plan('doubles/plan', { total: 2 })).toEqual({
    ...{ route: 'default/doubles', generation: 1, message: 'm', outcome: 'Deliver', calls: [] },
    steps: [
      {
        step: 'double',
        kind: 'transform',
        did: expect.any(String),
        milliseconds: expect.any(Number),
        value: { total: 4 },
      },
    ],
    deliveries: [
      {
        ...{ id: expect.any(String), to: { kind: 'queue', queue: 'out' }, headers: {} },
        ...{ contentType: 'application/json', body: { total: 4 } },
      },
    ],
  })
})

it.each([
  { query: '', from: { exchange: 'shop', key: 'k1' }, as: 'its first key' },
  { query: '?key=k2', from: { exchange: 'shop', key: 'k2' }, as: 'the key asked for' },
  { query: '?exchange=mall&key=', from: { exchange: 'mall', key: 'k1' }, as: 'the exchange asked for' },
])('takes a message to have come with $as', async ({ query, from }) => {
  expect(await plan(`keys/plan${query}`, {})).toMatchObject({ steps: [{ value: from }] })
})

it('takes a whole message as JSON too', async () => {
  const message = { id: 'mine', exchange: 'e', key: 'k', type: 't', body: {} }
  const { message: id, steps } = await plan('keys/plan', message, 'application/vnd.soaplane.message+json')
  expect([id, steps]).toMatchObject(['mine', [{ value: { id: 'mine', exchange: 'e', key: 'k', type: 't' } }]])
})

it('calls no service unless it is told to, and says which it would', async () => {
  const call = { method: 'GET', service: 'products', path: '/p/7' }
  expect(await plan('asks/plan', { id: 7 })).toMatchObject({
    ...{ outcome: 'Unknown', step: 'ask', calls: [{ ...call, called: false }] },
    detail: 'Not called in a dry run: GET of products; ask with ?call=true',
  })
  expect(called).toEqual([])
  expect(await plan('asks/plan?call=true', { id: 7 })).toMatchObject({
    ...{ outcome: 'Deliver', calls: [{ ...call, called: true }] },
    deliveries: [{ body: { id: 7, product: { name: 'pen' } } }],
  })
  expect(called).toEqual(['/p/7'])
})

it('goes on without an answer where the route does', async () => {
  expect(await plan('goes-on/plan', { id: 7 })).toMatchObject({ outcome: 'Deliver', calls: [{ called: false }] })
})

it('never calls what may change something', async () => {
  expect(await plan('posts/plan?call=true', { id: 7 })).toMatchObject({
    ...{ outcome: 'Unknown', detail: 'Not called in a dry run: POST of products; it may change something' },
  })
  expect(called).toEqual([])
})

it('shows of a group what it waits for, and what would come after', async () => {
  expect(await plan('pairs/plan', { of: 'x', total: 1 })).toMatchObject({
    ...{ outcome: 'Hold', group: { step: 'pair', correlation: 'x', size: 2, windowMs: 1_000 } },
    ifAlone: { outcome: expect.stringMatching(/^(Deliver|Fail)$/) },
  })
})

it.each([
  { route: 'nobody/plan', body: {}, type: 'application/json', reason: 'RouteNotFound' },
  { route: 'doubles/plan', body: 'x'.repeat(101), type: 'text/plain', reason: 'TooLarge' },
  { route: 'doubles/plan', body: [], type: 'application/vnd.soaplane.message+json', reason: 'MessageInvalid' },
])('refuses with $reason', async ({ route, body, type, reason }) => {
  expect(await plan(route, body, type)).toMatchObject({ reason })
})
