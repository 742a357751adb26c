import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConsumeMessage } from '#lib/amqp.ts'
import { connections } from '#test/kit/amqp.ts'
import { settled } from '#test/kit/broker/faults.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { type ApiBed, startApi } from '#test/kit/esb-api.ts'
import { eventually } from '#test/kit/eventually.ts'
import { httpRoute, INGRESS_OUT, outletOf, post } from '#test/kit/ingress-bed.ts'

let broker: TestBroker
let bed: ApiBed
beforeAll(async () => {
  broker = await startBroker()
  bed = await startApi(broker.url)
  await bed.run(
    httpRoute('orders'),
    httpRoute('strict', [{ kind: 'validate', name: 'shape', schema: { type: 'object', required: ['total'] } }]),
  )
})
afterAll(async () => {
  await bed?.stop()
  await broker?.stop()
})
const connection = connections(() => broker.url)
const outlet = (onMessage?: (message: ConsumeMessage) => void) => outletOf(connection(), onMessage)
const send = (path: string, body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>) =>
  post(`${bed.url}${path}`, body, headers)

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
    const { status, headers, body } = await send('/messages/orders?wait=20s', '7', { 'idempotency-key': 'ask-1' })
    expect([status, body, headers.get('x-message-id')]).toEqual([200, { got: 7 }, 'ask-1'])
    expect([headers.get('content-type'), headers.get('ce-type')]).toEqual(['application/json', 'answer'])
  })

  it('answers each of many at once with its own reply', async () => {
    await replier(({ content }) => ({ body: `{"got":${content}}`, properties: { contentType: 'application/json' } }))
    const asked = Array.from({ length: 50 }, (_none, index) => index)
    const answers = await Promise.all(asked.map((each) => send('/messages/orders?wait=20s', String(each))))
    expect(answers.map(({ body }) => body.got)).toEqual(asked)
  })

  it('answers 202 when none comes in time', async () => {
    const got = await outlet()
    const { status, body } = await send('/messages/orders?wait=50ms', '7', { 'idempotency-key': 'ask-2' })
    expect([status, body]).toEqual([202, { id: 'ask-2', route: 'default/orders' }])
    await eventually(() => expect(got.length).toBe(1))
  })

  it('answers 422 with the reason when the message is dead', async () => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'ask-3' }
    const { status, body } = await send('/messages/strict?wait=20s', '{}', headers)
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
    await send('/messages/orders?wait=50ms', '1', { 'idempotency-key': 'again' })
    await eventually(() => replies.length === 1)
    const next = send('/messages/orders?wait=20s', '2', { 'idempotency-key': 'again' })
    await eventually(() => replies.length === 2)
    for (const reply of replies) reply()
    expect((await next).body).toBe(2)
  })
})

it('lets those who wait for a reply go when it stops', async () => {
  const other = await startApi(broker.url)
  await other.run(httpRoute('orders'))
  const got = await outlet()
  const waiting = fetch(`${other.url}/messages/orders?wait=60s`, { method: 'POST', body: '1' })
  await eventually(() => got.length === 1)
  await other.stop()
  expect((await waiting).status).toBe(202)
})

describe('a broker that is away', () => {
  it('is told with the id to try again by, and keeps nobody waiting for a reply', async () => {
    const own = await startBroker()
    const other = await startApi(own.url)
    try {
      const { probe, start } = connection({ url: own.url })
      await start()
      await probe().assertQueue(INGRESS_OUT, { durable: true })
      await other.run(httpRoute('orders'))
      const waiting = fetch(`${other.url}/messages/orders?wait=60s`, { method: 'POST', body: '1' })
      await eventually(async () => expect((await probe().checkQueue(INGRESS_OUT)).messageCount).toBe(1))
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
