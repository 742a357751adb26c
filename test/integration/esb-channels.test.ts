import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Frame } from '#services/esb/channels/frame.ts'
import { routeOf } from '#test/gen/mediation.ts'
import { connections } from '#test/kit/amqp.ts'
import { settled } from '#test/kit/broker/faults.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { type ApiBed, startApi } from '#test/kit/esb-api.ts'
import { eventually } from '#test/kit/eventually.ts'

const full = 64 * 1024 * 1024
/** Takes messages over HTTP and gives them to the channel that they name. */
const feed = {
  ...routeOf([], [{ kind: 'webSocket', channel: '{% $message.type %}', format: 'AsReceived' }]),
  ...{ object: 'feed', http: true, maxQueueBytes: full, maxDeadLetterBytes: full },
}

let broker: TestBroker
let bed: ApiBed
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(() => broker?.stop())
beforeEach(async () => {
  bed = await startApi(broker.url)
  await bed.run(feed)
})
afterEach(async () => {
  for (const each of subscribers.splice(0)) each.close()
  await bed.stop()
})
const connection = connections(() => broker.url)

interface Subscriber {
  readonly frames: readonly Frame[]
  readonly data: () => readonly unknown[]
  readonly closed: () => number | undefined
  readonly socket: WebSocket
  readonly close: () => void
}

const subscribers: Subscriber[] = []

/** Resolves when it is taken in; rejects with the status when it is refused. */
function subscribe(path: string, url = bed.url): Promise<Subscriber> {
  const frames: Frame[] = []
  const socket = new WebSocket(url.replace(/^http/, 'ws') + path)
  let code: number | undefined
  socket.on('message', (text) => frames.push(JSON.parse(String(text))))
  socket.on('close', (given) => {
    code = given
  })
  const subscriber = {
    frames,
    data: () => frames.map(({ data }) => data),
    closed: () => code,
    socket,
    close: () => socket.terminate(),
  }
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      subscribers.push(subscriber)
      resolve(subscriber)
    })
    socket.once('error', reject)
  })
}

/** As soon as the log is in reach. */
const subscribed = (path: string, url?: string) => eventually(() => subscribe(path, url), { timeoutMs: 20_000 })

async function send(channel: string, data: unknown, id: string = randomUUID(), headers: Record<string, string> = {}) {
  const own = { 'content-type': 'application/json', 'x-message-type': channel, 'idempotency-key': id }
  const init = { method: 'POST', body: JSON.stringify(data), headers: { ...own, ...headers } }
  expect((await fetch(`${bed.url}/messages/feed`, init)).status).toBe(202)
}

async function sendAll(channel: string, data: readonly unknown[]): Promise<void> {
  for (const each of data) await send(channel, each)
}

/** Sends, and resolves once it has gone through the channel. */
async function passed(channel: string, data: unknown): Promise<void> {
  await send(channel, data)
  const whole = await subscribed(`/channels/${channel}?from=first`)
  await eventually(() => expect(whole.data()).toEqual([data]))
}

const name = () => `c-${randomUUID()}`

describe('a channel', () => {
  it('gives each message to all who follow it, on every replica, and to nobody else', async () => {
    const other = await startApi(broker.url)
    try {
      const [mine, others] = [name(), name()]
      const [one, two] = await Promise.all([
        subscribed(`/channels/${mine}`),
        subscribed(`/channels/${mine}`, other.url),
      ])
      const [away, elsewhere] = [
        await subscribed(`/channels/${others}`),
        await subscribed(`/channels/${mine}?namespace=shop`),
      ]
      await send(mine, { total: 3 }, 'm-1', {
        'ce-specversion': '1.0',
        'ce-id': '1',
        'ce-source': '/s',
        'ce-type': 't',
      })
      await send(others, 'end')
      await eventually(() => expect([one.frames.length, two.frames.length, away.frames.length]).toEqual([1, 1, 1]))
      expect(one.frames).toEqual([
        {
          ...{ offset: expect.any(Number), id: expect.stringContaining('m-1'), channel: mine, type: mine },
          ...{ time: expect.any(String), contentType: 'application/json', data: { total: 3 } },
          headers: expect.objectContaining({ 'cloudEvents:source': '/s' }),
        },
      ])
      expect(two.frames).toEqual(one.frames)
      expect(elsewhere.frames).toEqual([])
    } finally {
      for (const each of subscribers.splice(0)) each.close()
      await other.stop()
    }
  })

  it('gives what comes from now on, in order', async () => {
    const channel = name()
    await passed(channel, 'before')
    const { data } = await subscribed(`/channels/${channel}`)
    const sent = Array.from({ length: 100 }, (_none, index) => index)
    await sendAll(channel, sent)
    await eventually(() => expect(data()).toEqual(sent))
  })
})

describe('?from=', () => {
  it('goes on where a former connection ended, without a gap or a copy, while more comes', async () => {
    const channel = name()
    const sent = Array.from({ length: 300 }, (_none, index) => index)
    const former = await subscribed(`/channels/${channel}`)
    await sendAll(channel, sent.slice(0, 100))
    await eventually(() => expect(former.frames.length).toBe(100))
    former.close()
    const sending = sendAll(channel, sent.slice(100))
    const last = former.frames.at(-1)?.offset ?? -1
    const latecomers = await Promise.all(
      Array.from({ length: 8 }, () => subscribed(`/channels/${channel}?from=${last + 1}`)),
    )
    await sending
    await send(channel, 'end')
    await eventually(() =>
      expect(latecomers.map(({ frames }) => frames.at(-1)?.data)).toEqual(latecomers.map(() => 'end')),
    )
    for (const each of latecomers) expect(each.data()).toEqual([...sent.slice(100), 'end'])
  })

  it('gives all that is kept with first, and what was sent since a time', async () => {
    const channel = name()
    const began = new Date().toISOString()
    await sendAll(channel, [1, 2, 3])
    const [whole, since] = await Promise.all([
      subscribed(`/channels/${channel}?from=first`),
      subscribed(`/channels/${channel}?from=${began}`),
    ])
    await eventually(() =>
      expect([whole.data(), since.data()]).toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ]),
    )
    await send(channel, 4)
    await eventually(() =>
      expect([whole.data(), since.data()]).toEqual([
        [1, 2, 3, 4],
        [1, 2, 3, 4],
      ]),
    )
  })

  it.each([{ from: '999999999' }, { from: '2999-01-01T00:00:00Z' }])(
    'waits for what comes next from $from',
    async ({ from }) => {
      const channel = name()
      await passed(channel, 'before')
      const { data } = await subscribed(`/channels/${channel}?from=${from}`)
      await sendAll(channel, [1, 2])
      await eventually(() => expect(data()).toEqual([1, 2]))
    },
  )

  it.each([
    { path: '/channels/a?from=yesterday', status: 400 },
    { path: '/channels/', status: 400 },
    { path: '/elsewhere', status: 404 },
  ])('$path is refused with $status', async ({ path, status }) => {
    await subscribed('/channels/a')
    await expect(subscribe(path)).rejects.toThrow(`Unexpected server response: ${status}`)
  })
})

it('says over plain HTTP that a channel is read over WebSocket', async () => {
  const response = await fetch(`${bed.url}/channels/orders`)
  expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket'])
})

it('cuts a subscriber that reads too slowly, and the others get everything', async () => {
  const channel = name()
  await bed.stop()
  bed = await startApi(broker.url, { maxMessageBytes: 100_000 })
  await bed.run(feed)
  const slow = await subscribed(`/channels/${channel}`)
  const quick = await subscribed(`/channels/${channel}`)
  slow.socket.pause()
  const large = 'x'.repeat(90_000)
  let sent = 0
  await eventually(
    async () => {
      await send(channel, large)
      sent += 1
      expect(await bed.metrics()).toContain('soa_esb_subscribers_cut_total 1')
    },
    { timeoutMs: 60_000 },
  )
  await eventually(() => expect(quick.frames.length).toBe(sent))
  expect(await bed.metrics()).toContain('soa_esb_subscribers 1')
})

it('keeps subscribers over a restart of the broker, and they miss nothing', async () => {
  const own = await startBroker()
  const other = await startApi(own.url)
  try {
    await other.run(feed)
    const channel = name()
    const follower = await subscribed(`/channels/${channel}`, other.url)
    const { amqp, start } = connection({ url: own.url })
    await start()
    const give = (data: string) =>
      amqp.publish({
        ...{ exchange: '', routingKey: 'soa.channels', messageId: data, content: Buffer.from(data) },
        properties: { contentType: 'text/plain', headers: { 'soa-channel': `default/${channel}` } },
      })
    await give('one')
    await eventually(() => expect(follower.data()).toEqual(['one']))
    await settled(own)
    await own.shutDown()
    await own.restart()
    await eventually(() => give('two'), { timeoutMs: 30_000 })
    await eventually(() => expect(follower.data()).toEqual(['one', 'two']), { timeoutMs: 30_000 })
    expect(follower.closed()).toBeUndefined()
  } finally {
    for (const each of subscribers.splice(0)) each.close()
    await other.stop()
    await own.stop()
  }
})

it('follows a log that was lost and made anew, from its beginning', async () => {
  const channel = name()
  const follower = await subscribed(`/channels/${channel}`)
  await sendAll(channel, [1, 2, 3])
  await eventually(() => expect(follower.data()).toEqual([1, 2, 3]))
  const { probe, start } = connection()
  await start()
  await probe().deleteQueue('soa.channels')
  const retention = {
    'x-max-age': '86400s',
    'x-max-length-bytes': 1_073_741_824,
    'x-stream-max-segment-size-bytes': 50_000_000,
  }
  await probe().assertQueue('soa.channels', { durable: true, arguments: { 'x-queue-type': 'stream', ...retention } })
  await send(channel, 4)
  await eventually(() => expect(follower.data()).toEqual([1, 2, 3, 4]), { timeoutMs: 30_000 })
  expect(follower.frames.at(-1)?.offset).toBe(0)
})

it('tells subscribers to come again when it stops', async () => {
  const follower = await subscribed('/channels/orders')
  const stopped = bed.stop()
  await eventually(() => expect(follower.closed()).toBe(1001))
  await stopped
  bed = await startApi(broker.url)
})
