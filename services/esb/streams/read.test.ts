import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { ConfirmChannel, ConsumeMessage } from '#lib/amqp.ts'
import { readStream } from './read.ts'

// A fake channel: when it is lost, and what is on its way then, is a broker's to choose.
class FakeChannel extends EventEmitter {
  readonly acked: number[] = []
  arguments: unknown
  onMessage: (message: ConsumeMessage | null) => void = () => {}
  prefetch(): Promise<void> {
    return Promise.resolve()
  }
  async consume(_queue: string, onMessage: FakeChannel['onMessage'], options: { readonly arguments: unknown }) {
    this.onMessage = onMessage
    this.arguments = options.arguments
    return { consumerTag: 'tag' }
  }
  ack({ properties }: ConsumeMessage): void {
    this.acked.push(properties.headers?.['x-stream-offset'])
  }
  async cancel(): Promise<void> {}
  give(offset: number): void {
    this.onMessage({ properties: { headers: { 'x-stream-offset': offset } } } as unknown as ConsumeMessage)
  }
}

const never = new AbortController().signal

function reading(channel: FakeChannel, take: Parameters<typeof readStream>[2], signal = never) {
  return readStream(channel as unknown as ConfirmChannel, { stream: 's', from: 'first', signal }, take)
}

/** Once its consumer is there. */
const begun = () => new Promise((resolve) => setImmediate(resolve))

describe('reading a stream', () => {
  it('ends at the message that is the last wanted, and takes no other', async () => {
    const channel = new FakeChannel()
    const offsets: number[] = []
    const done = reading(channel, (_message, offset) => offsets.push(offset) === 2)
    await begun()
    for (const offset of [7, 8, 9]) channel.give(offset)
    await done
    expect(offsets).toEqual([7, 8])
    expect(channel.acked).toEqual([7, 8])
  })

  it('asks for more only once a message is taken', async () => {
    const channel = new FakeChannel()
    const taken = Promise.withResolvers<boolean>()
    const done = reading(channel, () => taken.promise)
    await begun()
    channel.give(0)
    await begun()
    expect(channel.acked).toEqual([])
    taken.resolve(true)
    await done
    expect(channel.acked).toEqual([0])
  })

  it('tells when the broker has begun to give, and begins nothing once its signal is over', async () => {
    const channel = new FakeChannel()
    const over = new AbortController()
    const told: string[] = []
    const { onMessage } = channel
    const tell = () => told.push(channel.onMessage === onMessage ? 'too early' : 'begun')
    const read = () =>
      readStream(
        channel as unknown as ConfirmChannel,
        { stream: 's', from: 'first', signal: over.signal, begun: tell },
        () => false,
      )
    const done = read()
    await begun()
    over.abort()
    await done
    await read()
    expect(told).toEqual(['begun'])
  })

  it('ends with its signal, and acknowledges nothing afterwards', async () => {
    const channel = new FakeChannel()
    const over = new AbortController()
    const done = reading(channel, () => false, over.signal)
    await begun()
    over.abort()
    channel.give(0)
    await done
    expect(channel.acked).toEqual([])
    expect(channel.listenerCount('close')).toBe(0)
  })

  it.each([
    { what: 'its channel', how: (channel: FakeChannel) => channel.emit('close') },
    { what: 'the stream', how: (channel: FakeChannel) => channel.onMessage(null) },
  ])('rejects when $what is gone', async ({ how }) => {
    const channel = new FakeChannel()
    const done = reading(channel, () => false)
    await begun()
    how(channel)
    await expect(done).rejects.toThrow(/^s /)
  })

  it('rejects with what the channel says when that is lost before it reads', async () => {
    const channel = new FakeChannel()
    channel.prefetch = async () => {
      channel.emit('close')
      await begun()
      throw new Error('Channel closed')
    }
    await expect(reading(channel, () => false)).rejects.toThrow('Channel closed')
  })

  it('rejects with what its taker throws', async () => {
    const channel = new FakeChannel()
    const done = reading(channel, () => {
      throw new Error('not to be read')
    })
    await begun()
    channel.give(0)
    await expect(done).rejects.toThrow('not to be read')
  })

  it.each([
    { from: 7, argument: 7 },
    { from: 'last', argument: 'last' },
    { from: { seconds: 5.5 }, argument: { '!': 'timestamp', value: 5 } },
    { from: { seconds: -5 }, argument: { '!': 'timestamp', value: 0 } },
  ] as const)('from $from begins at $argument', async ({ from, argument }) => {
    const channel = new FakeChannel()
    const over = new AbortController()
    const done = readStream(
      channel as unknown as ConfirmChannel,
      { stream: 's', from, signal: over.signal },
      () => true,
    )
    await begun()
    over.abort()
    await done
    expect(channel.arguments).toEqual({ 'x-stream-offset': argument })
  })
})
