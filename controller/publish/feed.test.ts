import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '#lib/clock.ts'
import { createFeed, type Feed } from '#lib/feed-client.ts'
import { controlApp, httpPart } from '#lib/http.ts'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import type { GatewayEntry } from '#lib/model/gateway.ts'
import type { Model, Slice } from '#lib/model/slice.ts'
import { createLife, type Life } from '#lib/run.ts'
import { wsPart } from '#lib/ws.ts'
import { eventually } from '#test/kit/eventually.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { createHub, type Hub } from './hub.ts'

const lives: Life[] = []
afterEach(async () => {
  for (const life of lives.splice(0).reverse()) await life.stop(3_000)
})

interface Bed {
  readonly hub: Hub
  readonly url: () => string
  readonly life: Life
  readonly metrics: Metrics
}

async function controller({ port = 0, lostGraceMs = 30_000 } = {}): Promise<Bed> {
  const metrics = createMetrics({ process: false })
  const hub = createHub({
    clock: systemClock,
    log: quietLog(),
    metrics,
    refuse: ({ headers }) => (headers.authorization === 'Bearer t' ? undefined : 401),
    elsewhere: () => [],
    lostGraceMs,
  })
  const api = httpPart('api', controlApp({ metrics, unready: () => [] }), { host: '127.0.0.1', port })
  const life = createLife([api, wsPart('feed', api.server, hub.routes)])
  await life.start()
  lives.push(life)
  return { hub, url: api.url, life, metrics }
}

async function replica(
  url: () => string,
  apply: (slice: Slice<'gateway'>, version: string) => void | Promise<void> = () => {},
  id = 'r1',
  token = 't',
): Promise<Feed> {
  const feed = createFeed({
    slice: 'gateway',
    controllerUrl: url,
    token,
    replica: id,
    url: () => `http://${id}`,
    apply,
    log: quietLog(),
    random: Math.random,
    backoff: { baseMs: 20, maxMs: 100 },
  })
  const life = createLife([feed])
  await life.start()
  lives.push(life)
  return feed
}

function model(...objects: readonly string[]): Model {
  const entry = (object: string): GatewayEntry => ({
    uid: object,
    namespace: 'd',
    object,
    name: object,
    endpointsRev: 'r',
    hostnames: [],
    routes: [],
    limits: [],
    createdAt: '1',
  })
  return { registry: new Map(), esb: new Map(), gateway: new Map(objects.map((each) => [each, entry(each)])) }
}

describe('the feed', () => {
  it('brings the whole table, then only what changed, and is acknowledged each time', async () => {
    const { hub, url } = await controller()
    const seen: string[][] = []
    await replica(url, (slice) => void seen.push([...slice.keys()]))
    hub.publish(model('a', 'b'))
    await eventually(() => expect(seen).toEqual([['a', 'b']]))
    hub.publish(model('b', 'c'))
    await eventually(() => expect(seen[1]).toEqual(['b', 'c']))
    await eventually(() => expect(hub.replicas().get('r1')?.acked).toBe(hub.published().gateway.version))
  })

  it('sends nothing twice to a replica that comes back with the version it has', async () => {
    const { hub, url, life } = await controller()
    hub.publish(model('a'))
    let applied = 0
    const feed = await replica(url, () => {
      applied += 1
    })
    await eventually(() => expect(applied).toBe(1))
    const port = Number(new URL(url()).port)
    await life.stop(3_000)
    await eventually(() => expect(feed.isStale()).toBe(true))
    expect(feed.unready?.()).toBeUndefined()
    const again = await controller({ port })
    again.hub.publish(model('a'))
    await eventually(() => expect(again.hub.replicas().get('r1')?.acked).toBe(again.hub.published().gateway.version))
    expect([applied, feed.isStale()]).toEqual([1, false])
  })

  it('leaves a replica its last good copy while a controller that just started has not published', async () => {
    const { hub, url, life } = await controller()
    hub.publish(model('a'))
    const seen: number[] = []
    const feed = await replica(url, (slice) => void seen.push(slice.size))
    await eventually(() => expect(seen).toEqual([1]))
    const port = Number(new URL(url()).port)
    await life.stop(3_000)
    const again = await controller({ port })
    await eventually(() => expect(again.hub.replicas().has('r1')).toBe(true))
    expect([seen, feed.version()]).toEqual([[1], hub.published().gateway.version])
    again.hub.publish(model('a', 'b'))
    await eventually(() => expect(seen).toEqual([1, 2]))
  })

  it('keeps serving the last good version when one is refused, and says why', async () => {
    const { hub, url } = await controller()
    const feed = await replica(url, (slice) => {
      if (slice.has('poison')) throw new Error('cannot compile poison')
    })
    hub.publish(model('a'))
    const good = hub.published().gateway.version
    await eventually(() => expect(feed.version()).toBe(good))
    hub.publish(model('a', 'poison'))
    await eventually(() => expect(hub.replicas().get('r1')?.refused?.error).toBe('cannot compile poison'))
    expect(feed.version()).toBe(good)
    hub.publish(model('a', 'b'))
    await eventually(() => expect(hub.replicas().get('r1')).toMatchObject({ acked: hub.published().gateway.version }))
    expect(hub.replicas().get('r1')?.refused).toBeUndefined()
  })

  it('tries a refused version again by itself, since what was in its way may pass', async () => {
    const { hub, url } = await controller()
    let fails = 2
    await replica(url, () => {
      if (fails-- > 0) throw new Error('no room')
    })
    hub.publish(model('a'))
    await eventually(() => expect(hub.replicas().get('r1')?.refused?.error).toBe('no room'))
    await eventually(() => expect(hub.replicas().get('r1')).toMatchObject({ acked: hub.published().gateway.version }))
    expect(fails).toBe(-1)
  })

  it('hands over whole tables that never change, however many versions come together', async () => {
    const { hub, url } = await controller()
    const seen: { readonly slice: Slice<'gateway'>; readonly keys: readonly string[] }[] = []
    await replica(url, (slice) => void seen.push({ slice, keys: [...slice.keys()] }))
    hub.publish(model('a'))
    await eventually(() => expect(seen).toHaveLength(1))
    const names = Array.from({ length: 50 }, (_, i) => `n${i}`)
    for (const i of names.keys()) hub.publish(model('a', ...names.slice(0, i + 1)))
    hub.publish(model('a', ...names.slice(1)))
    await eventually(() => expect(hub.replicas().get('r1')?.acked).toBe(hub.published().gateway.version))
    expect(seen.at(-1)?.keys).toEqual(['a', ...names.slice(1)])
    expect(seen.map(({ slice }) => [...slice.keys()])).toEqual(seen.map(({ keys }) => keys))
  })

  it('hands a version over at once, though an earlier one is not served yet, and never counts the earlier one last', async () => {
    const { hub, url } = await controller()
    const first = Promise.withResolvers<void>()
    const sizes: number[] = []
    const feed = await replica(url, (slice) => {
      sizes.push(slice.size)
      return slice.size === 1 ? first.promise : undefined
    })
    hub.publish(model('a'))
    await eventually(() => expect(sizes).toEqual([1]))
    expect(hub.replicas().get('r1')?.acked).toBeUndefined()
    hub.publish(model('a', 'b'))
    const newest = hub.published().gateway.version
    await eventually(() => expect(hub.replicas().get('r1')?.acked).toBe(newest))
    first.resolve()
    hub.publish(model('a', 'b', 'c'))
    await eventually(() => expect(hub.replicas().get('r1')?.acked).toBe(hub.published().gateway.version))
    expect([sizes, feed.version()]).toEqual([[1, 2, 3], hub.published().gateway.version])
  })

  it('counts a version that is served late, while a newer one is still waited for', async () => {
    const { hub, url } = await controller()
    const served = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const sizes: number[] = []
    await replica(url, (slice) => {
      sizes.push(slice.size)
      return served[slice.size - 1]?.promise
    })
    hub.publish(model('a'))
    await eventually(() => expect(sizes).toEqual([1]))
    const earlier = hub.published().gateway.version
    hub.publish(model('a', 'b'))
    await eventually(() => expect(sizes).toEqual([1, 2]))
    served[0].resolve()
    await eventually(() => expect(hub.replicas().get('r1')?.acked).toBe(earlier))
    served[1].resolve()
    await eventually(() => expect(hub.replicas().get('r1')?.acked).toBe(hub.published().gateway.version))
  })

  it('tells each ready replica of its peers, and forgets who says goodbye, but not who vanishes', async () => {
    const { hub, url } = await controller()
    hub.publish(model('a'))
    const one = await replica(url, undefined, 'r1')
    const two = await replica(url, undefined, 'r2')
    one.tellReady(true)
    two.tellReady(true)
    await eventually(() =>
      expect(one.peers.current()).toEqual([
        { id: 'r1', url: 'http://r1' },
        { id: 'r2', url: 'http://r2' },
      ]),
    )
    await two.stop()
    await eventually(() => expect(one.peers.current()).toEqual([{ id: 'r1', url: 'http://r1' }]))
    expect([...hub.replicas().keys()]).toEqual(['r1'])
  })

  it('waits for who vanished while its grace lasts, then tells that it no longer does', async () => {
    const { hub, url, metrics } = await controller({ lostGraceMs: 300 })
    hub.publish(model('a'))
    const socket = new WebSocket(`${url().replace('http', 'ws')}/feed/gateway`, {
      headers: { authorization: 'Bearer t' },
    })
    await once(socket, 'open')
    socket.send(JSON.stringify({ type: 'hello', replica: 'r1', url: 'http://r1', ready: true }))
    await eventually(async () => expect(await metrics.text()).toContain('soa_controller_replicas{slice="gateway"} 1'))
    let told = 0
    hub.onReplicas(() => void told++)
    socket.terminate()
    await eventually(async () => expect(await metrics.text()).toContain('soa_controller_replicas{slice="gateway"} 0'))
    expect([...hub.replicas().values()]).toMatchObject([{ id: 'r1', lostAt: expect.any(Number) }])
    const before = told
    await eventually(() => expect(hub.replicas().size).toBe(0))
    await eventually(() => expect(told).toBe(before + 1))
  })

  it('refuses who shows no token', async () => {
    const { hub, url } = await controller()
    hub.publish(model('a'))
    const stranger = await replica(url, undefined, 'x', 'wrong')
    const friend = await replica(url, undefined, 'y')
    await eventually(() => expect(friend.version()).toBe(hub.published().gateway.version))
    expect([stranger.version(), hub.replicas().has('x')]).toEqual([undefined, false])
  })
})
