import { describe, expect, it } from 'vitest'
import type { ConsumeMessage } from '#lib/amqp.ts'
import { channelOf, frameOf } from './frame.ts'

function message(body: string | Buffer, properties: object = {}): ConsumeMessage {
  return { content: Buffer.from(body), properties: { headers: {}, ...properties }, fields: {} } as ConsumeMessage
}

describe('a frame', () => {
  it('tells what a message said, and nothing of the bus or the broker', () => {
    const headers = {
      ...{ 'soa-channel': 'default/orders', 'soa-hops': 1, 'x-stream-offset': 7 },
      ...{ 'cloudEvents:source': '/s', traceparent: '00-1' },
    }
    const properties = { headers, messageId: 'm', type: 't', timestamp: 1_767_225_600, contentType: 'application/json' }
    expect(frameOf(7, 'default/orders/eu', message('{"a":1}', properties))).toEqual({
      ...{ offset: 7, id: 'm', channel: 'orders/eu', type: 't', time: '2026-01-01T00:00:00.000Z' },
      ...{ contentType: 'application/json', data: { a: 1 } },
      headers: { 'cloudEvents:source': '/s', traceparent: '00-1' },
    })
  })

  it.each([
    {
      of: 'text',
      body: 'hello',
      properties: { contentType: 'text/plain' },
      gives: { contentType: 'text/plain', data: 'hello' },
    },
    { of: 'bytes', body: Buffer.from([255]), properties: {}, gives: { dataBase64: '/w==' } },
    { of: 'a time that is none', body: '1', properties: { timestamp: 1e300 }, gives: { data: 1 } },
  ])('of $of is $gives', ({ body, properties, gives }) => {
    expect(frameOf(0, 'default/c', message(body, properties))).toEqual({ offset: 0, channel: 'c', ...gives })
  })
})

it.each([
  { headers: { 'soa-channel': 'default/orders' }, channel: 'default/orders' },
  { headers: { 'soa-channel': 5 }, channel: undefined },
  { headers: {}, channel: undefined },
])('channel $channel', ({ headers, channel }) => expect(channelOf(message('', { headers }))).toBe(channel))
