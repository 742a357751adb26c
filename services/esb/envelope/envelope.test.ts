import { describe, expect, it } from 'vitest'
import type { Outgoing } from '#lib/amqp.ts'
import type { Failure, Message, Passage } from '../mediations/message.ts'
import { type Raw, readMessage } from './read.ts'
import { toDeadLetters, toDelay, toDestination, toQueue, withFailure } from './write.ts'

const message: Message = {
  ...{ id: 'm1', exchange: 'esb_exchange', key: 'orders', contentType: 'application/json', type: 'Order' },
  ...{ correlationId: 'c', replyTo: 'r', timestamp: 7, headers: { mine: 1 }, body: Buffer.from('{}') },
}
const fresh: Passage = { attempt: 1, hops: 0, replays: 0, history: [] }
const failure: Failure = { class: 'Transient', reason: 'ServiceFailed', message: 'down', step: 'to' }
const AT = '2026-01-01T00:00:00.000Z'

/** As a broker would give it to the next reader. */
function arrived({ exchange, routingKey, content, messageId, properties = {} }: Outgoing): Raw {
  return { fields: { exchange, routingKey }, content, properties: { ...properties, messageId } } as unknown as Raw
}
const noReceipt = () => {
  throw new Error('It has an id')
}

describe('a message that goes through queues of the bus', () => {
  it('is read as it was written, with where it stands', () => {
    const passage = { ...withFailure(fresh, failure, AT), attempt: 3, hops: 2, replays: 1 }
    expect(readMessage(arrived(toQueue('q', message, passage)), noReceipt)).toEqual({ message, passage, done: [] })
  })

  it('remembers in a delay when to go on, and what has arrived', () => {
    const out = toDelay('q', message, fresh, { level: 3, resumeAt: 99, done: ['a'] })
    expect(out).toMatchObject({ exchange: 'soa.delay.3', routingKey: 'q' })
    expect(readMessage(arrived(out), noReceipt)).toEqual({ message, passage: fresh, resumeAt: 99, done: ['a'] })
  })

  it('tells among the dead letters why', () => {
    const out = toDeadLetters('d/orders', message, fresh, failure, { at: AT })
    expect(out).toMatchObject({ exchange: 'soa.dlx', routingKey: 'd.orders' })
    expect(readMessage(arrived(out), noReceipt).error).toEqual({
      ...{ reason: 'ServiceFailed', message: 'down', step: 'to', failedAt: AT },
    })
  })

  it('keeps its headers small, however long its history', () => {
    let passage = fresh
    for (let i = 0; i < 200; i++) passage = withFailure(passage, { ...failure, message: `${i} ${'x'.repeat(999)}` }, AT)
    const { headers } = toQueue('q', message, passage).properties ?? {}
    expect(JSON.stringify(headers).length).toBeLessThan(8_192)
    const read = readMessage(arrived(toQueue('q', message, passage)), noReceipt).passage.history
    expect(read.at(-1)).toEqual(passage.history.at(-1))
  })
})

describe('a message of anybody', () => {
  it('gets an id at its receipt, and is at its first try', () => {
    const raw = {
      fields: { exchange: 'x', routingKey: 'k' },
      properties: {},
      content: Buffer.from('a'),
    } as unknown as Raw
    expect(readMessage(raw, () => 'made-up')).toEqual({
      message: { id: 'made-up', exchange: 'x', key: 'k', headers: {}, body: Buffer.from('a') },
      ...{ passage: fresh, done: [] },
    })
  })

  it('has nothing of a broker or of the bus among its headers, and cannot fake where it stands', () => {
    const headers = {
      ...{ mine: 1, 'x-death': [], 'x-first-death-reason': 'expired', 'x-delivery-count': 3, CC: [], Bcc: [] },
      ...{ 'soa-attempt': 'many', 'soa-hops': -1, 'soa-failures': '{', 'soa-done': 7, 'soa-other': 1 },
    }
    const raw = { fields: { exchange: 'x', routingKey: 'k' }, properties: { headers }, content: Buffer.from('') }
    expect(readMessage(raw as unknown as Raw, () => '1')).toMatchObject({
      message: { headers: { mine: 1 } },
      passage: fresh,
      done: [],
    })
  })

  it('that the broker gave up says so', () => {
    const properties = { messageId: '1', headers: { 'x-first-death-reason': 'delivery_limit' } }
    const raw = { fields: { exchange: '', routingKey: '' }, properties, content: Buffer.from('') } as unknown as Raw
    expect(readMessage(raw, noReceipt).error).toEqual({
      ...{ reason: 'DeliveryLimit', message: 'The broker gave it up: delivery_limit' },
    })
  })
})

describe('a delivery', () => {
  const delivery = { id: 'm1/d/o/to/0', body: Buffer.from('x'), headers: { mine: 1 }, contentType: 'text/plain' }
  it.each([
    { to: { kind: 'exchange', exchange: 'e', key: 'k' }, queue: '', goes: ['e', 'k'], more: {} },
    { to: { kind: 'queue', queue: 'q' }, queue: 'q', goes: ['', 'q'], more: {} },
    { to: { kind: 'route', route: 'd/x' }, queue: 'soa.route.d.x', goes: ['soa.resume', 'soa.route.d.x'], more: {} },
    {
      to: { kind: 'webSocket', channel: 'c' },
      queue: 'soa.channels',
      goes: ['', 'soa.channels'],
      more: { 'soa-channel': 'd/c' },
    },
  ] as const)('to $to.kind goes to $goes', ({ to, queue, goes, more }) => {
    expect(toDestination({ ...delivery, to }, to, { hops: 1, queue, namespace: 'd' })).toEqual({
      ...{ exchange: goes[0], routingKey: goes[1], messageId: delivery.id, content: delivery.body },
      properties: { contentType: 'text/plain', headers: { mine: 1, 'soa-hops': 1, ...more } },
    })
  })
})
