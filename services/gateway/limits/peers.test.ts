import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { WsRoute } from '#lib/ws.ts'
import { eventually } from '#test/kit/eventually.ts'
import { startServer } from '#test/kit/limit-cluster.ts'
import { manualClock } from '#test/kit/manual-clock.ts'
import { rateLimit } from '#test/kit/rate-limits.ts'
import { createCounters } from './counters.ts'
import type { Ask, Verdict } from './decide.ts'
import { createPeerClient, type PeerClient, type PeerClientOptions } from './peer-client.ts'
import { createPeerServer, type PeerHandlers } from './peer-server.ts'
import { type Frame, type FromOwner, type FromPeer, toWire } from './wire.ts'

vi.setConfig({ testTimeout: 60_000 })

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const ask: Ask = { counters: createCounters(rateLimit(), 9), key: '' }
const yes: Verdict = { ok: true, remaining: 4, waitMs: 10, stamp: 7 }
const asksOf = (frames: readonly FromPeer[]) => frames.filter((each): each is Frame<'asks'> => each.type === 'asks')

/** An owner that records what it is sent and answers what the test says, and a client of it. */
async function bench(options: Partial<PeerClientOptions> = {}) {
  const frames: FromPeer[] = []
  const events: string[] = []
  let answer: (frame: FromOwner) => void = () => {}
  const route: WsRoute = {
    matches: (path) => path === '/limits/peers',
    accept(socket) {
      answer = (frame) => socket.send(JSON.stringify(frame))
      socket.on('message', (data) => frames.push(JSON.parse(String(data))))
    },
  }
  const server = await startServer([route])
  cleanups.push(server.stop)
  const clock = manualClock()
  const client = createPeerClient({
    peer: { id: 'b', url: server.url },
    hello: () => ({ type: 'hello', replica: 'a', stays: true }),
    before: () => undefined,
    token: undefined,
    timeoutMs: 4_000,
    holdMs: 4_000,
    clock,
    random: Math.random,
    onUp: () => events.push('up'),
    onDown: () => events.push('down'),
    onTook: (view) => events.push(`took ${view}`),
    observe: (ms) => events.push(`answered in ${ms}`),
    ...options,
  })
  client.start()
  cleanups.push(client.retire)
  return { client, clock, server, frames, events, answer: (frame: FromOwner) => answer(frame) }
}

async function asked(client: PeerClient, frames: readonly FromPeer[], asks: readonly Ask[] = [ask]) {
  const said = client.ask(asks, 0)
  const before = asksOf(frames).length
  await eventually(() => asksOf(frames).length > before)
  return { said, n: asksOf(frames).at(-1)?.items[0]?.[0] as number }
}

describe('a peer’s client', () => {
  it('sends all asks of one turn in one frame, and gives each its verdicts', async () => {
    const { client, clock, frames, events, answer } = await bench()
    const all = [client.ask([ask], 0), client.ask([ask, ask], 2)]
    await eventually(() => expect(frames).toHaveLength(2))
    expect(frames).toEqual([
      { type: 'hello', replica: 'a', stays: true },
      {
        type: 'asks',
        items: [
          [1, 0, [toWire(ask)]],
          [2, 2, [toWire(ask), toWire(ask)]],
        ],
      },
    ])
    clock.advance(0.5)
    answer({
      type: 'answers',
      items: [
        [2, [[false, 0, 900, null], null]],
        [1, [[true, 4, 10, 7]]],
      ],
      held: [],
    })
    expect(await Promise.all(all)).toEqual([
      [yes],
      [{ ok: false, remaining: 0, waitMs: 900, stamp: undefined }, undefined],
    ])
    expect(events).toEqual(['up', 'answered in 0.5'])
  })

  it('sends what has to be there before the asks right before them', async () => {
    const logs = { type: 'handover', view: 'v', logs: [], last: false } as const
    const { client, frames } = await bench({ before: (asks) => (asks.length === 2 ? logs : undefined) })
    void client.ask([ask, ask], 0)
    await eventually(() => expect(frames.map(({ type }) => type)).toEqual(['hello', 'handover', 'asks']))
  })

  it('takes null for an answer that could not be had', async () => {
    const { client, frames, answer } = await bench()
    const { said, n } = await asked(client, frames)
    answer({ type: 'answers', items: [[n, null]], held: [] })
    expect(await said).toBeUndefined()
  })

  it('waits longer for what the owner holds back', async () => {
    const { client, frames, answer } = await bench({ timeoutMs: 1_000, holdMs: 8_000 })
    const { said, n } = await asked(client, frames)
    answer({ type: 'answers', items: [], held: [n] })
    // Asked later and not held, so overdue later than the first would have been.
    expect(await client.ask([ask], 0)).toBeUndefined()
    answer({ type: 'answers', items: [[n, [[true, 4, 10, 7]]]], held: [] })
    expect(await said).toEqual([yes])
  })

  it('gives up on an answer that is overdue, and on the peer for a second', async () => {
    const { client, clock, frames, events, answer } = await bench({ timeoutMs: 20 })
    const { said, n } = await asked(client, frames)
    expect(await said).toBeUndefined()
    expect(await client.ask([ask], 0)).toBeUndefined()
    expect(asksOf(frames)).toHaveLength(1)
    // A late answer finds nobody, but shows that the peer is back.
    answer({ type: 'answers', items: [[n, [[true, 4, 10, 7]]]], held: [n] })
    answer({ type: 'took', view: 'v' })
    await eventually(() => events.includes('took v'))
    await asked(client, frames)
    clock.advance(1_000)
    await asked(client, frames)
    expect(asksOf(frames)).toHaveLength(3)
  })

  it('answers at once while the connection is down, and settles what was asked on it', async () => {
    const { client, server, frames, events } = await bench()
    const { said } = await asked(client, frames)
    await server.kill()
    expect(await said).toBeUndefined()
    expect(await client.ask([ask], 0)).toBeUndefined()
    expect({ up: client.isUp(), told: client.tell({ type: 'hello', replica: 'a', stays: false }) }).toEqual({
      up: false,
      told: false,
    })
    expect(events.slice(0, 2)).toEqual(['up', 'down'])
  })

  it('keeps asks while the first connection is being made', async () => {
    const { client, frames, answer } = await bench()
    const said = client.ask([ask], 0)
    expect(client.isUp()).toBe(false)
    await eventually(() => asksOf(frames).length === 1)
    answer({ type: 'answers', items: [[1, [[true, 4, 10, 7]]]], held: [] })
    expect(await said).toEqual([yes])
  })

  it('retires once all is answered', async () => {
    const { client, frames, answer } = await bench()
    const { said, n } = await asked(client, frames)
    client.retire()
    expect({ up: client.isUp(), more: await client.ask([ask], 0) }).toEqual({ up: true, more: undefined })
    answer({ type: 'answers', items: [[n, [[true, 4, 10, 7]]]], held: [] })
    expect(await said).toEqual([yes])
    expect(client.isUp()).toBe(false)
  })
})

describe('a peer’s server', () => {
  async function served(token?: string) {
    const events: unknown[] = []
    const handlers: PeerHandlers = {
      hello: (frame) => events.push(frame),
      asks(frame, from, reply) {
        events.push([from, frame.items.length])
        reply({ type: 'answers', items: [], held: [7] })
      },
      release: (frame) => events.push(frame),
      handover: (frame, from) => events.push([from, frame.view]),
      nonsense: (from) => events.push(`nonsense from ${from}`),
    }
    const peers = createPeerServer(token, handlers)
    const server = await startServer([peers.route])
    cleanups.push(server.stop)
    function dial(authorization?: string): Promise<{ socket: WebSocket; closed: Promise<number>; heard: string[] }> {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/limits/peers`, {
        headers: authorization === undefined ? {} : { authorization },
      })
      const heard: string[] = []
      socket.on('message', (data) => heard.push(String(data)))
      const closed = new Promise<number>((resolve) => socket.on('close', resolve))
      cleanups.push(() => socket.terminate())
      return new Promise((resolve, reject) => {
        socket.on('open', () => resolve({ socket, closed, heard }))
        socket.on('error', reject)
      })
    }
    return { events, dial, peers }
  }
  const hello = JSON.stringify({ type: 'hello', replica: 'b', stays: true })

  it('hands each frame on with who sent it, and answers on the same connection', async () => {
    const { events, dial } = await served()
    const { socket, heard } = await dial()
    const asks = { type: 'asks', items: [[1, 0, [toWire(ask)]]] }
    for (const text of [hello, JSON.stringify(asks)]) socket.send(text)
    socket.send(JSON.stringify({ type: 'handover', view: 'v', logs: [], last: true }))
    socket.send(JSON.stringify({ type: 'release', hops: 0, items: [] }))
    await eventually(() => expect(events).toHaveLength(4))
    expect(events).toEqual([JSON.parse(hello), ['b', 1], ['b', 'v'], { type: 'release', hops: 0, items: [] }])
    await eventually(() => expect(heard).toEqual(['{"type":"answers","items":[],"held":[7]}']))
  })

  it.each([
    { token: 'secret', sends: undefined },
    { token: 'secret', sends: 'Bearer wrong' },
    { token: 'secret', sends: 'secret' },
  ])('refuses $sends where the token is $token', async ({ token, sends }) => {
    const { dial, events } = await served(token)
    await expect(dial(sends)).rejects.toThrow('Unexpected server response: 401')
    expect(events).toEqual([])
  })

  it.each([
    { token: 'secret', sends: 'Bearer secret' },
    { token: undefined, sends: undefined },
  ])('lets $sends in where the token is $token', async ({ token, sends }) => {
    const { dial, events } = await served(token)
    const { socket } = await dial(sends)
    socket.send(hello)
    await eventually(() => expect(events).toHaveLength(1))
  })

  it.each([
    { what: 'no JSON', texts: [hello, '{'], from: 'b' },
    { what: 'an unknown frame', texts: [hello, '{"type":"else"}'], from: 'b' },
    { what: 'a broken frame', texts: [hello, '{"type":"asks","items":[[1,0,[["orders"]]]]}'], from: 'b' },
    { what: 'a frame before its hello', texts: ['{"type":"asks","items":[]}'], from: undefined },
  ])('closes on $what, and minds nothing that follows', async ({ texts, from }) => {
    const { dial, events, peers } = await served()
    const { socket, closed } = await dial()
    for (const text of [...texts, hello, '{"type":"asks","items":[]}']) socket.send(text)
    expect(await closed).toBe(1008)
    expect(events).toEqual([...(from ? [JSON.parse(hello)] : []), `nonsense from ${from}`])
    await peers.deserted()
  })

  it('is deserted once the last peer has gone', async () => {
    const { dial, peers } = await served()
    await peers.deserted()
    const [one, two] = [await dial(), await dial()]
    let deserted = false
    const waiting = peers.deserted().then(() => {
      deserted = true
    })
    one.socket.close()
    await one.closed
    expect(deserted).toBe(false)
    two.socket.close()
    await waiting
  })
})
