import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConsumeMessage } from '#lib/amqp.ts'
import type { MessageRouteEntry, RouteStep } from '#lib/model/esb.ts'
import { routeOf, toQueue } from '#test/gen/mediation.ts'
import { connections } from '#test/kit/amqp.ts'
import { settled } from '#test/kit/broker/faults.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { type ApiBed, startApi } from '#test/kit/esb-api.ts'
import { eventually } from '#test/kit/eventually.ts'

const OUT = 'esb-ingress-out'
const full = 64 * 1024 * 1024

function route(object: string, steps: readonly RouteStep[] = [], changes: Partial<MessageRouteEntry> = {}) {
  const limits = {
    http: true,
    maxQueueBytes: full,
    maxDeadLetterBytes: full,
    retry: { attempts: 1, baseMs: 1_000, maxMs: 1_000 },
  }
  return { ...routeOf(steps, [toQueue(OUT)]), object, ...limits, ...changes }
}

/** A service that answers when the test says so. */
const gate = Promise.withResolvers<void>()
const slow: RouteStep = {
  ...{ kind: 'enrich', name: 'ask', into: 'answer', onError: 'Continue' },
  call: { service: 'default/slow', serviceName: 'slow', method: 'GET', path: '/', timeoutMs: 60_000, headers: [] },
}

let broker: TestBroker
let bed: ApiBed
beforeAll(async () => {
  broker = await startBroker()
  bed = await startApi(broker.url, { maxMessageBytes: 10_000 }, async () => {
    await gate.promise
    return { ok: true, status: 200, headers: {}, body: Buffer.from('ok') }
  })
  await bed.run(
    route('orders'),
    route('strict', [{ kind: 'validate', name: 'shape', schema: { type: 'object', required: ['total'] } }]),
    route('inner', [], { http: false }),
    route('tiny', [slow], { maxQueueBytes: 5_000, prefetch: 1 }),
    route('shared', [], { namespace: 'a' }),
    route('shared', [], { namespace: 'b' }),
  )
})
afterAll(async () => {
  await bed?.stop()
  await broker?.stop()
})
const connection = connections(() => broker.url)

/** What comes out at the other end, in order; read by a client that is not the bus. */
async function outlet(onMessage: (message: ConsumeMessage) => void = () => {}): Promise<readonly ConsumeMessage[]> {
  const { probe, start } = connection()
  await start()
  await probe().assertQueue(OUT, { durable: true })
  await probe().purgeQueue(OUT)
  const got: ConsumeMessage[] = []
  await probe().consume(
    OUT,
    (message) => {
      if (message === null) return
      got.push(message)
      onMessage(message)
    },
    { noAck: true },
  )
  return got
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${bed.url}${path}`, { method: 'POST', body, headers })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}

describe('POST /messages/<route>', () => {
  it('answers 202 with an id, and the message goes the way of its route byte for byte', async () => {
    const got = await outlet()
    const body = new Uint8Array([0, 255, 10, 13])
    const { status, headers, body: answer } = await post('/messages/orders', body, { 'content-type': 'image/png' })
    expect([status, answer]).toEqual([202, { id: expect.any(String), route: 'default/orders' }])
    expect(headers.get('x-message-id')).toBe(answer.id)
    const [message] = await eventually(() => got.length === 1 && got)
    expect([message?.content, message?.properties.contentType]).toEqual([Buffer.from(body), 'image/png'])
    expect(message?.properties.messageId).toContain(answer.id)
  })

  it('takes a key that tells copies, an event, its trace and a type', async () => {
    const got = await outlet()
    const headers = {
      ...{ 'idempotency-key': 'order-1', 'content-type': 'application/json', 'x-message-type': 'order.placed' },
      ...{ 'ce-specversion': '1.0', 'ce-id': '7', 'ce-source': '/shop%20floor', 'ce-type': 'order.placed' },
      ...{ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, authorization: 'Bearer secret' },
    }
    expect((await post('/messages/orders', '{ "total": 1.0 }', headers)).body).toEqual({
      id: 'order-1',
      route: 'default/orders',
    })
    const [message] = await eventually(() => got.length === 1 && got)
    expect([message?.content.toString(), message?.properties.type]).toEqual(['{ "total": 1.0 }', 'order.placed'])
    expect(message?.properties.headers).toMatchObject({
      'cloudEvents:id': '7',
      'cloudEvents:source': '/shop floor',
      traceparent: expect.stringMatching(/^00-a{32}-/),
    })
    expect(JSON.stringify(message?.properties)).not.toContain('secret')
  })

  it('passes a packed body on as it is', async () => {
    const got = await outlet()
    const packed = gzipSync('{"total":1}')
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    expect((await post('/messages/orders', new Uint8Array(packed), headers)).status).toBe(202)
    const [message] = await eventually(() => got.length === 1 && got)
    expect([message?.content, message?.properties.contentEncoding]).toEqual([packed, 'gzip'])
  })

  it('takes an empty body', async () => {
    const got = await outlet()
    expect((await post('/messages/orders', '')).status).toBe(202)
    await eventually(() => expect(got.map(({ content }) => content.length)).toEqual([0]))
  })

  it.each([
    { fault: 'a route that is none', path: '/messages/nobody', status: 404, reason: 'RouteNotFound' },
    { fault: 'a route that takes none over HTTP', path: '/messages/inner', status: 404, reason: 'NotOverHttp' },
    { fault: 'a name in two namespaces', path: '/messages/shared', status: 409, reason: 'RouteAmbiguous' },
    { fault: 'broken JSON', path: '/messages/orders', status: 400, reason: 'Unreadable', body: '{' },
    {
      fault: 'a body that is too large',
      path: '/messages/orders',
      status: 413,
      reason: 'TooLarge',
      body: `"${'x'.repeat(10_000)}"`,
    },
    { fault: 'a wait that is too long', path: '/messages/orders?wait=61s', status: 400, reason: 'WaitInvalid' },
    { fault: 'a key that is none', path: '/messages/orders', status: 400, reason: 'HeaderInvalid', key: 'a b' },
  ])('refuses $fault', async ({ path, status, reason, body = '1', key = 'k' }) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': key }
    const answer = await post(path, body, headers)
    expect([answer.status, answer.body.reason, answer.headers.get('content-type')]).toEqual([
      ...[status, reason],
      'application/problem+json; charset=utf-8',
    ])
  })

  it('finds a route in the namespace that is asked for', async () => {
    expect((await post('/messages/shared?namespace=b', '1')).body.route).toBe('b/shared')
  })

  it('refuses a body of unknown length once it is too large', async () => {
    const chunk = new Uint8Array(1_024)
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        if (sent++ < 20) controller.enqueue(chunk)
        else controller.close()
      },
    })
    const answer = fetch(`${bed.url}/messages/orders`, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect((await answer).status).toBe(413)
  })

  it('says that a queue is full, and takes messages again once there is room', async () => {
    const send = () => post('/messages/tiny', 'x'.repeat(1_000))
    const { status, headers, body } = await eventually(async () => {
      const answer = await send()
      return answer.status !== 202 && answer
    })
    expect([status, body.reason, headers.get('retry-after')]).toEqual([503, 'QueueFull', '1'])
    gate.resolve()
    await eventually(async () => expect((await send()).status).toBe(202))
  })

  it('says that other methods are not for it', async () => {
    const response = await fetch(`${bed.url}/messages/orders`)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('counts by route of the API, not by name', async () => {
    await post('/messages/orders', '1')
    await eventually(async () => {
      expect(await bed.metrics()).toMatch(
        /soa_esb_http_requests_total\{method="POST",route="\/messages\/:route",code="202"\} \d/,
      )
    })
  })
})

describe('?wait=', () => {
  async function replier(reply: (message: ConsumeMessage) => { body: string; properties: object } | undefined) {
    const { amqp, start } = connection()
    await start()
    return outlet((message) => {
      const given = reply(message)
      const { replyTo, correlationId } = message.properties
      if (given === undefined) return
      const properties = { ...given.properties, correlationId }
      void amqp.publish({
        ...{ exchange: '', routingKey: replyTo, messageId: randomUUID(), mandatory: false },
        ...{ content: Buffer.from(given.body), properties },
      })
    })
  }

  it('gives the reply of whoever answers at the other end', async () => {
    await replier(({ content }) => ({
      body: `{"got":${content}}`,
      properties: { contentType: 'application/json', headers: { 'cloudEvents:type': 'answer' } },
    }))
    const { status, headers, body } = await post('/messages/orders?wait=20s', '7', { 'idempotency-key': 'ask-1' })
    expect([status, body, headers.get('x-message-id')]).toEqual([200, { got: 7 }, 'ask-1'])
    expect([headers.get('content-type'), headers.get('ce-type')]).toEqual(['application/json', 'answer'])
  })

  it('answers each of many at once with its own reply', async () => {
    await replier(({ content }) => ({ body: `{"got":${content}}`, properties: { contentType: 'application/json' } }))
    const asked = Array.from({ length: 50 }, (_none, index) => index)
    const answers = await Promise.all(asked.map((each) => post('/messages/orders?wait=20s', String(each))))
    expect(answers.map(({ body }) => body.got)).toEqual(asked)
  })

  it('answers 202 when none comes in time', async () => {
    const got = await outlet()
    const { status, body } = await post('/messages/orders?wait=50ms', '7', { 'idempotency-key': 'ask-2' })
    expect([status, body]).toEqual([202, { id: 'ask-2', route: 'default/orders' }])
    await eventually(() => expect(got.length).toBe(1))
  })

  it('answers 422 with the reason when the message is dead', async () => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'ask-3' }
    const { status, body } = await post('/messages/strict?wait=20s', '{}', headers)
    expect([status, body]).toEqual([
      422,
      expect.objectContaining({ reason: 'SchemaViolation', id: 'ask-3', route: 'default/strict' }),
    ])
  })

  it('does not give a late reply to the next who asks', async () => {
    const replies: (() => void)[] = []
    const { amqp, start } = connection()
    await start()
    await outlet(({ properties, content }) => {
      const message = { exchange: '', routingKey: properties.replyTo, messageId: randomUUID(), mandatory: false }
      const { correlationId } = properties
      replies.push(() => void amqp.publish({ ...message, content, properties: { correlationId } }))
    })
    await post('/messages/orders?wait=50ms', '1', { 'idempotency-key': 'again' })
    await eventually(() => replies.length === 1)
    const next = post('/messages/orders?wait=20s', '2', { 'idempotency-key': 'again' })
    await eventually(() => replies.length === 2)
    for (const reply of replies) reply()
    expect((await next).body).toBe(2)
  })
})

describe('a broker that is away', () => {
  it('is told with the id to try again by, and keeps nobody waiting for a reply', async () => {
    const own = await startBroker()
    const other = await startApi(own.url)
    try {
      const { probe, start } = connection({ url: own.url })
      await start()
      await probe().assertQueue(OUT, { durable: true })
      await other.run(route('orders'))
      const waiting = fetch(`${other.url}/messages/orders?wait=60s`, { method: 'POST', body: '1' })
      await eventually(async () => expect((await probe().checkQueue(OUT)).messageCount).toBe(1))
      await settled(own)
      await own.kill()
      // The way back of the reply is lost; the message itself is not.
      expect((await waiting).status).toBe(202)
      const headers = { 'idempotency-key': 'k' }
      const answer = await fetch(`${other.url}/messages/orders`, { method: 'POST', body: '1', headers })
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await answer.text()).not.toContain('127.0.0.1')
      await own.restart()
      await eventually(
        async () =>
          expect((await fetch(`${other.url}/messages/orders`, { method: 'POST', body: '1' })).status).toBe(202),
        { timeoutMs: 30_000 },
      )
    } finally {
      await other.stop()
      await own.stop()
    }
  })
})

it('lets those who wait for a reply go when it stops', async () => {
  const other = await startApi(broker.url)
  await other.run(route('orders'))
  const got = await outlet()
  const waiting = fetch(`${other.url}/messages/orders?wait=60s`, { method: 'POST', body: '1' })
  await eventually(() => got.length === 1)
  await other.stop()
  expect((await waiting).status).toBe(202)
})
