import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Binding,
  type CloudEvent,
  readEvent,
  STRUCTURED_TYPE,
  writeBinary,
  writeStructured,
} from './cloudevents.ts'

const REQUIRED = { specversion: '1.0', id: 'e-1', source: '/shop/orders', type: 'dev.soaplane.order.placed' }
const structured = (value: unknown, contentType = 'application/cloudevents+json') =>
  readEvent({ contentType, headers: {}, body: Buffer.from(JSON.stringify(value)) }, 'http')
const binary = (headers: Record<string, unknown>, body = '', contentType?: string, binding: Binding = 'http') =>
  readEvent({ contentType, headers, body: Buffer.from(body) }, binding)
const withPrefix = (prefix: string, attributes: object) =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [prefix + name, value]))

describe('an event in one JSON object', () => {
  it.each([
    { what: 'has no data', more: {}, data: {} },
    { what: 'has an object', more: { data: { total: 5 } }, data: { data: { total: 5 } } },
    { what: 'has null', more: { data: null }, data: { data: null } },
    { what: 'has bytes', more: { data_base64: 'AAEC' }, data: { data: Buffer.from([0, 1, 2]) } },
    { what: 'has no bytes after all', more: { data_base64: null, data: 1 }, data: { data: 1 } },
    {
      what: 'has text of a type',
      more: { datacontenttype: 'text/xml', data: '<a/>' },
      data: { data: '<a/>', dataContentType: 'text/xml' },
    },
  ])('is read when it $what', ({ more, data }) => {
    const { data: _data, data_base64: _base64, ...attributes } = more as Record<string, unknown>
    expect(structured({ ...REQUIRED, ...more })).toEqual({
      mode: 'structured',
      attributes: { ...REQUIRED, ...attributes },
      ...data,
    })
  })

  it('has extensions, and what is null is not there', () => {
    const more = { tenant: 'acme', priority: 3, urgent: true, subject: null }
    expect(structured({ ...REQUIRED, ...more })).toMatchObject({
      attributes: { ...REQUIRED, tenant: 'acme', priority: 3, urgent: true },
    })
  })

  it('may name its charset, in any letters', () => {
    expect(structured(REQUIRED, 'Application/CloudEvents+JSON; charset=UTF-8')).toMatchObject({ mode: 'structured' })
  })

  it.each([
    { value: [REQUIRED], fault: 'the event is no JSON object' },
    { value: { ...REQUIRED, id: undefined }, fault: 'id: is missing' },
    { value: { ...REQUIRED, type: '' }, fault: 'type: must be text that is not empty' },
    { value: { ...REQUIRED, source: 5 }, fault: 'source: must be text that is not empty' },
    { value: { ...REQUIRED, specversion: '0.3' }, fault: 'specversion: only 1.0 is known' },
    { value: { ...REQUIRED, time: 'yesterday' }, fault: 'time: must be a time of RFC 3339' },
    { value: { ...REQUIRED, time: '2027-13-01T00:00:00Z' }, fault: 'time: must be a time of RFC 3339' },
    { value: { ...REQUIRED, some_name: 1 }, fault: 'some_name: attributes have names of a-z and 0-9' },
    { value: { ...REQUIRED, tenant: {} }, fault: 'tenant: must be text, a boolean or an integer of 32 bits' },
    { value: { ...REQUIRED, n: 1.5 }, fault: 'n: must be text, a boolean or an integer of 32 bits' },
    { value: { ...REQUIRED, n: 2 ** 31 }, fault: 'n: must be text, a boolean or an integer of 32 bits' },
    { value: { ...REQUIRED, data: 1, data_base64: 'AA==' }, fault: 'data: there is data_base64 as well' },
    { value: { ...REQUIRED, data_base64: '§' }, fault: 'data_base64: must be text in base64' },
  ])('is refused: $fault', ({ value, fault }) => expect(structured(value)).toEqual({ fault }))

  it('is refused when it is no JSON, or more than one event', () => {
    const broken = { contentType: STRUCTURED_TYPE, headers: {}, body: Buffer.from('{') }
    expect(readEvent(broken, 'amqp')).toEqual({ fault: 'the body is no JSON' })
    expect(structured([REQUIRED], 'application/cloudevents-batch+json')).toEqual({
      fault: 'application/cloudevents-batch+json: only single events in JSON are read',
    })
  })
})

describe('an event among headers', () => {
  it.each([
    { binding: 'http' as const, prefix: 'ce-' },
    { binding: 'http' as const, prefix: 'CE-' },
    { binding: 'amqp' as const, prefix: 'cloudEvents:' },
    { binding: 'amqp' as const, prefix: 'cloudEvents_' },
    { binding: 'amqp' as const, prefix: 'ce-' },
  ])('is read over $binding with $prefix', ({ binding, prefix }) => {
    const headers = { ...withPrefix(prefix, { ...REQUIRED, tenant: 'acme' }), 'x-other': 'y' }
    expect(binary(headers, '{"total":5}', 'application/json', binding)).toEqual({
      mode: 'binary',
      attributes: { ...REQUIRED, tenant: 'acme', datacontenttype: 'application/json' },
      data: { total: 5 },
      dataContentType: 'application/json',
    })
  })

  it.each([
    { type: 'application/vnd.acme+json; v=1', body: '[1]', data: [1] },
    { type: 'text/plain', body: 'Grüße', data: 'Grüße' },
    { type: 'image/png', body: 'PNG', data: Buffer.from('PNG') },
    { type: undefined, body: '{}', data: Buffer.from('{}') },
    { type: 'application/json', body: '', data: undefined },
  ])('has data by its type: $type', ({ type, body, data }) => {
    const read = binary(withPrefix('ce-', REQUIRED), body, type) as CloudEvent
    expect(read.data).toEqual(data)
  })

  it('has its values decoded over HTTP', () => {
    const values = { a: 'Euro%20%E2%82%AC', b: '100%', c: '"quoted \\"x\\""', d: '%FF', e: '%F0%9F%98%80' }
    expect(binary(withPrefix('ce-', { ...REQUIRED, ...values }))).toMatchObject({
      attributes: { a: 'Euro €', b: '100%', c: 'quoted "x"', d: '\ufffd', e: '😀' },
    })
  })

  it('has its values as they are over AMQP, times of the broker as text', () => {
    const time = { '!': 'timestamp', value: 1_800_000_000 }
    expect(
      binary(
        withPrefix('cloudEvents:', { ...REQUIRED, a: '100%25', n: 5, urgent: false, time }),
        '',
        undefined,
        'amqp',
      ),
    ).toMatchObject({ attributes: { a: '100%25', n: 5, urgent: false, time: '2027-01-15T08:00:00.000Z' } })
  })

  it('is none without a specversion, and a broken one without the rest', () => {
    expect(binary({ 'ce-id': '1', 'ce-type': 'x' })).toBeUndefined()
    expect(binary({ 'ce-specversion': '1.0', 'ce-id': '1' })).toEqual({ fault: 'source: is missing' })
    expect(binary(withPrefix('ce-', REQUIRED), '{', 'application/json')).toEqual({ fault: 'the body is no JSON' })
  })

  it('is none over HTTP by the names of AMQP', () => {
    expect(binary(withPrefix('cloudEvents:', REQUIRED))).toBeUndefined()
  })
})

describe('an event is written', () => {
  const event: CloudEvent = { attributes: { ...REQUIRED, subject: 'Käse "5%"', n: 5 }, data: { total: 5 } }

  it('as one JSON object', () => {
    const { body, ...rest } = writeStructured(event)
    expect([rest, JSON.parse(body.toString())]).toEqual([
      { contentType: STRUCTURED_TYPE, headers: {} },
      { ...event.attributes, data: { total: 5 } },
    ])
  })

  it('among headers of HTTP, encoded, with the type of what is JSON', () => {
    expect(writeBinary(event, 'http')).toEqual({
      contentType: 'application/json',
      headers: { ...withPrefix('ce-', REQUIRED), 'ce-subject': 'K%C3%A4se%20%225%25%22', 'ce-n': '5' },
      body: Buffer.from('{"total":5}'),
    })
  })

  it('among headers of AMQP, as they are, by the prefix that is asked for', () => {
    expect(writeBinary(event, 'amqp', 'cloudEvents_').headers).toEqual(withPrefix('cloudEvents_', event.attributes))
    expect(Object.keys(writeBinary(event, 'amqp').headers)[0]).toBe('cloudEvents:specversion')
  })

  const text = fc.string({ unit: 'grapheme', minLength: 1 })
  const attributes = fc
    .record({ id: text, source: text, type: text, subject: text, tenant: text })
    .map((some) => ({ specversion: '1.0', ...some }))
  const data = fc.oneof(
    fc.record({
      data: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
      datacontenttype: fc.constant('application/json'),
    }),
    fc.record({ data: text, datacontenttype: fc.constant('text/plain') }),
    fc.record({
      data: fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
      datacontenttype: fc.constant('image/png'),
    }),
  )

  it.each([
    { mode: 'structured', binding: 'http' as const, write: writeStructured },
    { mode: 'binary', binding: 'http' as const, write: (one: CloudEvent) => writeBinary(one, 'http') },
    { mode: 'binary', binding: 'amqp' as const, write: (one: CloudEvent) => writeBinary(one, 'amqp') },
  ])('$mode over $binding such that it is read as it was', ({ mode, binding, write }) =>
    fc.assert(
      fc.property(attributes, data, (some, { data, datacontenttype }) => {
        const one = { attributes: { ...some, datacontenttype }, data }
        expect(readEvent(write(one), binding)).toEqual({ ...one, mode, dataContentType: datacontenttype })
      }),
    ),
  )
})
