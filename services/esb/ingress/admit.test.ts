import { describe, expect, it } from 'vitest'
import { admit, waitMs } from './admit.ts'

const entry = { exchange: '', key: 'orders', freshId: () => 'fresh', now: 1_500_999 }

function admitted(headers: Record<string, string>, body = '') {
  return admit({ headers, body: Buffer.from(body) }, entry)
}

describe('a request', () => {
  it('becomes a message with its body byte for byte', () => {
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'idempotency-key': 'order-1',
      'x-message-type': 'order.placed',
      'ce-id': '7',
      traceparent: '00-1',
    }
    expect(admitted(headers, ' {"a": 1.0}\n')).toEqual({
      ok: true,
      message: {
        id: 'order-1',
        exchange: '',
        key: 'orders',
        timestamp: 1_500,
        type: 'order.placed',
        contentType: 'application/json; charset=utf-8',
        headers: { 'cloudEvents:id': '7', traceparent: '00-1' },
        body: Buffer.from(' {"a": 1.0}\n'),
      },
    })
  })

  it('that says nothing of itself is taken as it is', () => {
    const message = {
      id: 'fresh',
      exchange: '',
      key: 'orders',
      timestamp: 1_500,
      headers: {},
      body: Buffer.from([255]),
    }
    expect(admit({ headers: {}, body: Buffer.from([255]) }, entry)).toEqual({ ok: true, message })
  })

  it('whose JSON is packed is not looked into', () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    expect(admitted(headers, '\u001f')).toMatchObject({ ok: true, message: { contentEncoding: 'gzip' } })
  })

  it.each([
    { fault: 'JSON that is none', headers: { 'content-type': 'application/json' }, body: '{', reason: 'Unreadable' },
    { fault: 'no JSON where it says so', headers: { 'content-type': 'application/json' }, reason: 'Unreadable' },
    { fault: 'a broken event', headers: { 'content-type': 'application/cloudevents+json' }, reason: 'Unreadable' },
    { fault: 'an empty key', headers: { 'idempotency-key': '' }, reason: 'HeaderInvalid' },
    { fault: 'a key with a space', headers: { 'idempotency-key': 'a b' }, reason: 'HeaderInvalid' },
    { fault: 'a long key', headers: { 'idempotency-key': 'x'.repeat(201) }, reason: 'HeaderInvalid' },
    { fault: 'a key that is not ASCII', headers: { 'idempotency-key': 'é' }, reason: 'HeaderInvalid' },
    { fault: 'a long message type', headers: { 'x-message-type': 'x'.repeat(201) }, reason: 'HeaderInvalid' },
    { fault: 'a long media type', headers: { 'content-type': `text/${'x'.repeat(200)}` }, reason: 'HeaderInvalid' },
  ])('is refused for $fault', ({ headers, body, reason }) => {
    expect(admitted(headers as never, body)).toMatchObject({ ok: false, status: 400, reason })
  })
})

it.each([
  { text: undefined, ms: 0 },
  { text: '5s', ms: 5_000 },
  { text: '1m', ms: 60_000 },
  { text: '1m1ms', ms: undefined },
  { text: '5', ms: undefined },
  { text: '-1s', ms: undefined },
])('waits $ms ms for ?wait=$text', ({ text, ms }) => expect(waitMs(text)).toBe(ms))
