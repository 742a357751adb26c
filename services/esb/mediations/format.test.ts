import { describe, expect, it } from 'vitest'
import type { MessageFormat } from '#lib/model/esb.ts'
import { deliveriesOf, legible, mediationOf, messageOf, portsOf } from '#test/gen/mediation.ts'
import type { Message } from './message.ts'

const EVENT = { specversion: '1.0', id: 'e', source: '/shop', type: 'order.placed' }
const STRUCTURED = 'application/cloudevents+json; charset=utf-8'

const plain = messageOf('{"n": 1.0}', { contentType: 'application/json', timestamp: 1_700_000_000, type: 'order' })
const binary = messageOf('{"n":1}', {
  contentType: 'application/json',
  headers: { ...prefixed('cloudEvents:', EVENT), 'cloudEvents:tries': 3, traceparent: 't' },
})
const structured = messageOf({ ...EVENT, tries: 3, data: { n: 1 } }, { contentType: STRUCTURED })

function prefixed(prefix: string, attributes: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [prefix + name, value]))
}

async function sent(message: Message, format: MessageFormat) {
  const plan = await mediationOf([], [{ kind: 'queue', queue: 'q', format }]).plan(message, portsOf())
  if (plan.outcome !== 'deliver') return legible(plan)
  const [{ body, contentType, headers } = noDelivery()] = deliveriesOf(plan)
  return { body: contentType === STRUCTURED ? JSON.parse(body) : body, contentType, headers }
}

function noDelivery(): never {
  throw new Error('The plan delivers nothing')
}

describe('a plain message', () => {
  const own = {
    specversion: '1.0',
    id: 'm/default/orders/to/0',
    source: '/soaplane/default/orders',
    type: 'order',
    time: '2023-11-14T22:13:20.000Z',
  }
  it.each([
    { format: 'AsReceived', gives: { body: '{"n": 1.0}', contentType: 'application/json', headers: {} } },
    { format: 'Plain', gives: { body: '{"n": 1.0}', contentType: 'application/json', headers: {} } },
    {
      format: 'CloudEventsBinary',
      gives: { body: '{"n": 1.0}', contentType: 'application/json', headers: prefixed('cloudEvents:', own) },
    },
    {
      format: 'CloudEventsStructured',
      gives: {
        body: { ...own, datacontenttype: 'application/json', data: { n: 1 } },
        contentType: STRUCTURED,
        headers: {},
      },
    },
  ] as const)('goes out $format', async ({ format, gives }) => expect(await sent(plain, format)).toEqual(gives))

  it.each([
    {
      what: 'text',
      body: 'Hello',
      contentType: undefined,
      data: { datacontenttype: 'text/plain; charset=utf-8', data: 'Hello' },
    },
    { what: 'XML', body: '<a/>', contentType: 'text/xml', data: { datacontenttype: 'text/xml', data: '<a/>' } },
    {
      what: 'bytes',
      body: Buffer.from([0xff]),
      contentType: 'image/png',
      data: { datacontenttype: 'image/png', data_base64: '/w==' },
    },
    {
      what: 'unknown bytes',
      body: Buffer.from([0xff]),
      contentType: undefined,
      data: { datacontenttype: 'application/octet-stream', data_base64: '/w==' },
    },
    {
      what: 'JSON after a byte order mark',
      body: '\uFEFF[1]',
      contentType: 'application/json',
      data: { datacontenttype: 'application/json', data: [1] },
    },
    { what: 'nothing', body: '', contentType: 'image/png', data: {} },
  ])('becomes an event with $what', async ({ body, contentType, data }) => {
    const message = messageOf(body, contentType === undefined ? {} : { contentType })
    expect(await sent(message, 'CloudEventsStructured')).toEqual({
      body: { ...EVENT, id: own.id, source: own.source, type: 'default.orders', ...data },
      contentType: STRUCTURED,
      headers: {},
    })
  })

  it('keeps a number that no JavaScript has, since its JSON is not written anew', async () => {
    const message = messageOf('{"n":12345678901234567890}', { contentType: 'application/json' })
    const plan = await mediationOf([], [{ kind: 'queue', queue: 'q', format: 'CloudEventsStructured' }]).plan(
      message,
      portsOf(),
    )
    expect(deliveriesOf(plan)[0]?.body).toContain('"data":{"n":12345678901234567890}')
  })

  it('has no place in an envelope when it is packed', async () =>
    expect(await sent(messageOf('{}', { contentEncoding: 'gzip' }), 'CloudEventsStructured')).toMatchObject({
      outcome: 'fail',
      failure: { reason: 'Unreadable', message: 'A body in gzip cannot be the data of a structured CloudEvent' },
    }))
})

describe('an event in binary mode', () => {
  const { traceparent } = binary.headers
  it.each([
    { format: 'AsReceived', gives: { body: '{"n":1}', contentType: 'application/json', headers: binary.headers } },
    { format: 'Plain', gives: { body: '{"n":1}', contentType: 'application/json', headers: { traceparent } } },
    {
      format: 'CloudEventsBinary',
      gives: { body: '{"n":1}', contentType: 'application/json', headers: binary.headers },
    },
    {
      format: 'CloudEventsStructured',
      gives: {
        body: { ...EVENT, tries: 3, datacontenttype: 'application/json', data: { n: 1 } },
        contentType: STRUCTURED,
        headers: { traceparent },
      },
    },
  ] as const)('goes out $format', async ({ format, gives }) => expect(await sent(binary, format)).toEqual(gives))

  it('is plain when it lacks what an event must have', async () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': 'e' }
    expect(await sent(messageOf('a', { headers }), 'Plain')).toEqual({ body: 'a', contentType: undefined, headers })
  })
})

describe('an event in structured mode', () => {
  const { body } = structured
  it.each([
    { format: 'AsReceived', gives: { body: JSON.parse(body.toString()), contentType: STRUCTURED, headers: {} } },
    { format: 'Plain', gives: { body: '{"n":1}', contentType: 'application/json', headers: {} } },
    {
      format: 'CloudEventsBinary',
      gives: {
        body: '{"n":1}',
        contentType: 'application/json',
        headers: prefixed('cloudEvents:', { ...EVENT, tries: 3 }),
      },
    },
    {
      format: 'CloudEventsStructured',
      gives: { body: JSON.parse(body.toString()), contentType: STRUCTURED, headers: {} },
    },
  ] as const)('goes out $format', async ({ format, gives }) => expect(await sent(structured, format)).toEqual(gives))

  it.each([
    { data: { data: 'Hello', datacontenttype: 'text/plain' }, gives: { body: 'Hello', contentType: 'text/plain' } },
    { data: { data: 'Hello' }, gives: { body: '"Hello"', contentType: 'application/json' } },
    {
      data: { data: { a: 1 }, datacontenttype: 'text/xml' },
      gives: { body: '{"a":1}', contentType: 'application/json' },
    },
    {
      data: { data_base64: '/w==', datacontenttype: 'image/png' },
      gives: { body: '\ufffd', contentType: 'image/png' },
    },
    { data: { data: null }, gives: { body: 'null', contentType: 'application/json' } },
    { data: {}, gives: { body: '', contentType: undefined } },
  ])('gives its data, $data, when it goes out plain', async ({ data, gives }) =>
    expect(await sent(messageOf({ ...EVENT, ...data }, { contentType: STRUCTURED }), 'Plain')).toEqual({
      ...gives,
      headers: {},
    }),
  )

  it.each([
    { body: '[]', why: 'The body is no CloudEvent: it is no object' },
    { body: '{"specversion":"1.0","id":"","source":"/a","type":"b"}', why: 'The body is no CloudEvent: it has no id' },
    { body: '{', why: /^The body is no JSON: / },
  ])('cannot be read when it is $body', async ({ body, why }) =>
    expect(await sent(messageOf(body, { contentType: STRUCTURED }), 'Plain')).toMatchObject({
      outcome: 'fail',
      failure: { reason: 'Unreadable', message: typeof why === 'string' ? why : expect.stringMatching(why) },
    }),
  )
})

describe('an event whose body is another', () => {
  const transform = mediationOf([{ kind: 'transform', name: 't', value: '{% { "n": n + 1, "of": $event.id } %}' }])
  const split = mediationOf([{ kind: 'split', name: 's', items: '{% [n, "x"] %}' }])

  it.each([
    { mode: 'cloudEvents:', prefix: 'cloudEvents:' },
    { mode: 'cloudEvents_', prefix: 'cloudEvents_' },
    { mode: 'ce-', prefix: 'ce-' },
  ])('stays one, by the prefix $prefix', async ({ prefix }) => {
    const headers = { ...prefixed(prefix, EVENT), other: 1 }
    const message = messageOf({ n: 1 }, { headers })
    const [only] = deliveriesOf(await transform.plan(message, portsOf()))
    expect(only).toMatchObject({ body: '{"n":2,"of":"e"}', contentType: 'application/json', headers })
    const parts = deliveriesOf(await split.plan(message, portsOf()))
    expect(parts).toMatchObject([
      { body: '1', contentType: 'application/json', headers: { ...headers, [`${prefix}id`]: 'e/0' } },
      { body: 'x', contentType: 'text/plain; charset=utf-8', headers: { ...headers, [`${prefix}id`]: 'e/1' } },
    ])
  })

  it('stays one in its envelope', async () => {
    const [only] = deliveriesOf(await transform.plan(structured, portsOf()))
    expect(JSON.parse(only?.body ?? '')).toEqual({
      ...EVENT,
      ...{ tries: 3, datacontenttype: 'application/json', data: { n: 2, of: 'e' } },
    })
    const parts = deliveriesOf(await split.plan(structured, portsOf()))
    expect(parts.map(({ body }) => JSON.parse(body))).toEqual([
      { ...EVENT, id: 'e/0', tries: 3, datacontenttype: 'application/json', data: 1 },
      { ...EVENT, id: 'e/1', tries: 3, datacontenttype: 'text/plain; charset=utf-8', data: 'x' },
    ])
  })

  it('takes AMQP’s own timestamps for times', async () => {
    const time = { '!': 'timestamp', value: 1_700_000_000 }
    const message = messageOf('{}', { headers: { ...prefixed('cloudEvents:', { ...EVENT, time }) } })
    expect(await sent(message, 'CloudEventsStructured')).toMatchObject({ body: { time: '2023-11-14T22:13:20.000Z' } })
  })
})
