import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { createPublisher, type Outgoing } from './publisher.ts'

// A fake channel: the order of returns and confirms, and their absence, is the broker's to choose.
class FakeChannel extends EventEmitter {
  readonly confirms: ((error: unknown) => void)[] = []
  readonly sent: unknown[][] = []
  publish(...args: unknown[]): boolean {
    this.confirms.push(args.pop() as (error: unknown) => void)
    this.sent.push(args)
    return true
  }
}

const message = (messageId: string): Outgoing => ({
  exchange: 'orders',
  routingKey: 'new',
  content: Buffer.from('{}'),
  messageId,
})
const returned = (messageId: string) => ({
  fields: { replyText: 'NO_ROUTE', exchange: 'orders', routingKey: 'new' },
  properties: { messageId },
})
const unroutable = {
  sent: false,
  reason: 'Unroutable',
  message: 'NO_ROUTE: exchange "orders" has no queue for key "new"',
}

let refusal: string | undefined
let channel: FakeChannel
let publisher: ReturnType<typeof createPublisher>
let leave: () => Promise<void> | void

beforeEach(() => {
  refusal = undefined
  channel = new FakeChannel()
  publisher = createPublisher({ refusal: () => refusal })
  leave = publisher.setup(channel, { fail() {} }) as () => Promise<void>
})

describe('a publisher', () => {
  it('sends persistent and mandatory, and is done at the confirm', async () => {
    const published = publisher.publish(
      { ...message('1'), properties: { type: 'OrderPlaced', headers: { a: 1 } } },
      1_000,
    )
    expect(channel.sent).toEqual([
      [
        'orders',
        'new',
        Buffer.from('{}'),
        { type: 'OrderPlaced', headers: { a: 1 }, messageId: '1', persistent: true, mandatory: true },
      ],
    ])
    channel.confirms[0]?.(null)
    expect(await published).toEqual({ sent: true })
  })

  it('takes a message that came back for unroutable, though it is confirmed', async () => {
    const [first, second] = [publisher.publish(message('1'), 1_000), publisher.publish(message('2'), 1_000)]
    channel.emit('return', returned('2'))
    for (const confirm of channel.confirms) confirm(null)
    expect(await Promise.all([first, second])).toEqual([{ sent: true }, unroutable])
  })

  it('sends a copy only after the one before has landed, for a return does not tell them apart', async () => {
    const first = publisher.publish(message('1'), 1_000)
    const copy = publisher.publish(message('1'), 1_000)
    expect(channel.sent).toHaveLength(1)
    channel.emit('return', returned('1'))
    channel.confirms[0]?.(null)
    expect(await first).toEqual(unroutable)
    await Promise.resolve()
    expect(channel.sent).toHaveLength(2)
    channel.confirms[1]?.(null)
    expect(await copy).toEqual({ sent: true })
  })

  it.each([
    ['there is no channel', () => void channel.emit('close'), 'the publisher has no channel'],
    [
      'it may not',
      () => {
        refusal = 'alarm'
      },
      'alarm',
    ],
    [
      'the message cannot be encoded',
      () => {
        channel.publish = () => {
          throw new RangeError('headers over 64 KiB')
        }
      },
      'headers over 64 KiB',
    ],
  ])('says that nothing was sent when %s', async (_when, arrange, why) => {
    arrange()
    await expect(publisher.publish(message('1'), 1_000)).rejects.toMatchObject({
      code: 'SOA_BROKER_FAILED',
      message: `Message was not sent: ${why}`,
      status: 503,
    })
  })

  it('says that the outcome is unknown when the channel is lost before the confirm', async () => {
    const published = publisher.publish(message('1'), 1_000)
    channel.confirms[0]?.(new Error('channel closed'))
    await expect(published).rejects.toThrow('Message may or may not have been sent: channel closed')
  })

  it('tells why the channel was lost where the broker said it', async () => {
    const published = publisher.publish(message('1'), 1_000)
    channel.emit('error', new Error("404 no exchange 'orders'"))
    channel.confirms[0]?.(new Error('channel closed'))
    await expect(published).rejects.toThrow("Message may or may not have been sent: 404 no exchange 'orders'")
  })

  it('says that the outcome is unknown when the confirm is late, and keeps copies back until it comes', async () => {
    await expect(publisher.publish(message('1'), 5)).rejects.toThrow('no confirm in time')
    await expect(publisher.publish(message('1'), 5)).rejects.toThrow('no confirm in time')
    expect(channel.sent).toHaveLength(1)
    channel.confirms[0]?.(null)
    const copy = publisher.publish(message('1'), 1_000)
    channel.confirms[1]?.(null)
    expect(await copy).toEqual({ sent: true })
  })

  it('tells that nothing is heard of the broker from a late confirm on, until it says anything or the channel is lost', async () => {
    await expect(publisher.publish(message('1'), 5)).rejects.toThrow('no confirm in time')
    const heard = [publisher.isUnheard()]
    const other = publisher.publish(message('2'), 1_000)
    channel.confirms[1]?.(null)
    await other
    heard.push(publisher.isUnheard())
    await expect(publisher.publish(message('3'), 5)).rejects.toThrow('no confirm in time')
    heard.push(publisher.isUnheard())
    channel.emit('close')
    expect([...heard, publisher.isUnheard()]).toEqual([true, false, true, false])
  })

  it('leaves when every caller has an answer, and sends nothing more', async () => {
    let left = false
    const published = publisher.publish(message('1'), 1_000)
    const leaving = Promise.resolve(leave()).then(() => {
      left = true
    })
    await expect(publisher.publish(message('2'), 1_000)).rejects.toThrow('Message was not sent')
    expect(left).toBe(false)
    channel.confirms[0]?.(null)
    expect(await published).toEqual({ sent: true })
    await leaving
  })

  it('leaves without the confirm that its caller no longer waits for', async () => {
    await expect(publisher.publish(message('1'), 5)).rejects.toThrow('no confirm in time')
    await leave()
  })
})
