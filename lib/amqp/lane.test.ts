import { EventEmitter } from 'node:events'
import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import { createLane, type LaneChannel, type Setup } from './lane.ts'

// A fake channel: which side loses it, and when, cannot be timed with a broker.
class FakeChannel extends EventEmitter implements LaneChannel {
  closes = 0
  async close(): Promise<void> {
    this.closes += 1
    this.emit('close')
  }
}

function laneWith(setup: Setup<FakeChannel>) {
  const channels: FakeChannel[] = []
  const over = new AbortController()
  const log = pino({ level: 'silent' })
  const lane = createLane({ name: 'orders', setup, backoff: { baseMs: 1, maxMs: 1 }, random: () => 0, log })
  const open = async () => {
    const channel = new FakeChannel()
    channels.push(channel)
    return channel
  }
  return { lane, channels, over, open, run: () => lane.run(open, over.signal) }
}

/** Ends a connection the way amqplib does: each channel closes, in the same turn the connection is over. */
function lose(channel: FakeChannel | undefined, over: AbortController): void {
  channel?.emit('close')
  over.abort()
}

describe('a lane', () => {
  it('is not ready before its setup has run, and ready after', async () => {
    const { lane, channels, over, run } = laneWith(() => undefined)
    expect(lane.unready()).toBe('orders: not set up yet')
    const running = run()
    await vi.waitFor(() => expect(lane.unready()).toBeUndefined())
    lose(channels[0], over)
    await running
    expect([channels.length, lane.unready()]).toEqual([1, 'orders: channel closed'])
  })

  it.each<{ when: string; setup: Setup<FakeChannel> }>([
    { when: 'throws', setup: () => Promise.reject(new Error('no such queue')) },
    {
      when: 'throws before it waits for anything',
      setup: () => {
        throw new Error('no such queue')
      },
    },
    { when: 'gives up', setup: (_channel, { fail }) => void fail('no such queue') },
  ])('closes the channel and tries on another when its setup $when', async ({ setup }) => {
    let tries = 0
    const { lane, channels, over, run } = laneWith((channel, how) => {
      tries += 1
      return tries < 3 ? setup(channel, how) : undefined
    })
    const running = run()
    await vi.waitFor(() => expect(lane.unready()).toBeUndefined())
    expect(channels.map(({ closes }) => closes)).toEqual([1, 1, 0])
    lose(channels[2], over)
    await running
  })

  it('tells the first reason for which a channel was lost', async () => {
    const { lane, channels, over, run } = laneWith((_channel) => new Promise(() => {}))
    const running = run()
    await vi.waitFor(() => expect(channels).toHaveLength(1))
    channels[0]?.emit('error', new Error('404 no exchange'))
    channels[0]?.emit('error', new Error('and so on'))
    lose(channels[0], over)
    await running
    expect(lane.unready()).toBe('orders: 404 no exchange')
  })

  it('takes a consumer that throws for a lost channel', async () => {
    const { lane, channels, over, run } = laneWith(() => undefined)
    const running = run()
    await vi.waitFor(() => expect(lane.unready()).toBeUndefined())
    channels[0]?.emit('handler-error', new Error('bug'), 'delivery')
    await vi.waitFor(() => expect(channels).toHaveLength(2))
    expect(channels[0]?.closes).toBe(1)
    lose(channels[1], over)
    await running
  })

  it('tries again when no channel can be opened', async () => {
    const { lane, channels, over, open } = laneWith(() => undefined)
    let refusals = 0
    const running = lane.run(
      () => (refusals++ < 2 ? Promise.reject(new Error('No channels left to allocate')) : open()),
      over.signal,
    )
    await vi.waitFor(() => expect(lane.unready()).toBeUndefined())
    expect(refusals).toBe(3)
    lose(channels[0], over)
    await running
  })

  it('leaves by what its setup gave, waiting for a setup that is under way', async () => {
    const setUp = Promise.withResolvers<() => Promise<void>>()
    const settled = Promise.withResolvers<void>()
    const told: string[] = []
    const { lane, channels, over, run } = laneWith(() => setUp.promise)
    const running = run()
    await vi.waitFor(() => expect(channels).toHaveLength(1))
    const left = lane.leave().then(() => told.push('left'))
    setUp.resolve(() => {
      told.push('leaving')
      return settled.promise
    })
    await vi.waitFor(() => expect(told).toEqual(['leaving']))
    settled.resolve()
    await left
    lose(channels[0], over)
    await running
    expect(told).toEqual(['leaving', 'left'])
  })

  it('closes the channel in use, and opens no other after it was left', async () => {
    const { lane, channels, run } = laneWith(() => undefined)
    const running = run()
    await vi.waitFor(() => expect(lane.unready()).toBeUndefined())
    await lane.leave()
    await lane.close()
    await running
    expect(channels.map(({ closes }) => closes)).toEqual([1])
  })

  it('has nothing to leave once its channel is lost, and opens no other', async () => {
    const { lane, channels, over, run } = laneWith(() => new Promise(() => {}))
    const running = run()
    await vi.waitFor(() => expect(channels).toHaveLength(1))
    const left = lane.leave()
    channels[0]?.emit('close')
    await Promise.all([left, running])
    expect([channels.length, over.signal.aborted]).toEqual([1, false])
  })
})
