import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RouteStep } from '#lib/model/esb.ts'
import { connections } from '#test/kit/amqp.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { type ApiBed, startApi } from '#test/kit/esb-api.ts'
import { eventually } from '#test/kit/eventually.ts'
import { httpRoute, outletOf, post } from '#test/kit/ingress-bed.ts'

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
    httpRoute('orders'),
    httpRoute('inner', [], { http: false }),
    httpRoute('tiny', [slow], { maxQueueBytes: 5_000, prefetch: 1 }),
    httpRoute('shared', [], { namespace: 'a' }),
    httpRoute('shared', [], { namespace: 'b' }),
  )
})
afterAll(async () => {
  await bed?.stop()
  await broker?.stop()
})
const connection = connections(() => broker.url)
const outlet = () => outletOf(connection())
const send = (path: string, body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>) =>
  post(`${bed.url}${path}`, body, headers)

describe('POST /messages/<route>', () => {
  it('answers 202 with an id, and the message goes the way of its route byte for byte', async () => {
    const got = await outlet()
    const body = new Uint8Array([0, 255, 10, 13])
    const { status, headers, body: answer } = await send('/messages/orders', body, { 'content-type': 'image/png' })
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
    expect((await send('/messages/orders', '{ "total": 1.0 }', headers)).body).toEqual({
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
    expect((await send('/messages/orders', new Uint8Array(packed), headers)).status).toBe(202)
    const [message] = await eventually(() => got.length === 1 && got)
    expect([message?.content, message?.properties.contentEncoding]).toEqual([packed, 'gzip'])
  })

  it('takes an empty body', async () => {
    const got = await outlet()
    expect((await send('/messages/orders', '')).status).toBe(202)
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
    const answer = await send(path, body, headers)
    expect([answer.status, answer.body.reason, answer.headers.get('content-type')]).toEqual([
      ...[status, reason],
      'application/problem+json; charset=utf-8',
    ])
  })

  it('finds a route in the namespace that is asked for', async () => {
    expect((await send('/messages/shared?namespace=b', '1')).body.route).toBe('b/shared')
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
    const fill = () => send('/messages/tiny', 'x'.repeat(1_000))
    const { status, headers, body } = await eventually(async () => {
      const answer = await fill()
      return answer.status !== 202 && answer
    })
    expect([status, body.reason, headers.get('retry-after')]).toEqual([503, 'QueueFull', '1'])
    gate.resolve()
    await eventually(async () => expect((await fill()).status).toBe(202))
  })

  it('says that other methods are not for it', async () => {
    const response = await fetch(`${bed.url}/messages/orders`)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  it('counts by route of the API, not by name', async () => {
    await send('/messages/orders', '1')
    await eventually(async () => {
      expect(await bed.metrics()).toMatch(
        /soa_esb_http_requests_total\{method="POST",route="\/messages\/:route",code="202"\} \d/,
      )
    })
  })
})
