import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Slice } from '#lib/model/slice.ts'
import { eventually } from '#test/kit/eventually.ts'
import { feedBed, modelOf as model } from '#test/kit/feed-bed.ts'

const { controller, replica } = feedBed()

async function socketTo(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/feed/gateway`, { headers: { authorization: 'Bearer t' } })
  await once(socket, 'open')
  return socket
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

  it('hears which items of a version are not served, each time anew, until all are', async () => {
    const { hub, url } = await controller()
    let refused = new Map([
      ['a', 'no right to read'],
      ['b', 'x'.repeat(2_000)],
    ])
    await replica(url, undefined, { refused: () => refused })
    hub.publish(model('a', 'b', 'c'))
    const acked = hub.published().gateway.version
    const known = { id: 'r1', slice: 'gateway', url: 'http://r1', ready: false, acked }
    const refusedItems = [
      ['a', 'no right to read'],
      ['b', `${'x'.repeat(1_000)}…`],
    ]
    await eventually(() => expect(hub.replicas().get('r1')).toEqual({ ...known, refusedItems }))
    let told = 0
    hub.onReplicas(() => void told++)
    refused = new Map([['a', 'no right to read']])
    await eventually(() =>
      expect(hub.replicas().get('r1')).toEqual({ ...known, refusedItems: [['a', 'no right to read']] }),
    )
    refused = new Map()
    await eventually(() => expect(hub.replicas().get('r1')).toEqual(known))
    expect(told).toBeGreaterThanOrEqual(2)
  })

  it('is told anew what a replica refuses that comes back', async () => {
    const { hub, url, life } = await controller()
    hub.publish(model('a', 'b'))
    const known = { acked: hub.published().gateway.version, refusedItems: [['a', 'no right to read']] }
    const feed = await replica(url, undefined, { refused: () => new Map([['a', 'no right to read']]) })
    await eventually(() => expect(hub.replicas().get('r1')).toMatchObject(known))
    const port = Number(new URL(url()).port)
    await life.stop(3_000)
    await eventually(() => expect(feed.isStale()).toBe(true))
    const again = await controller({ port })
    again.hub.publish(model('a', 'b'))
    await eventually(() => expect(again.hub.replicas().get('r1')).toMatchObject(known))
  })

  it.each([
    { when: 'serves all of it', refused: [], sends: 'same' },
    { when: 'refused an item of it', refused: [['a', 'no right to read']], sends: 'snapshot' },
  ])('answers a replica that $when before it was published with: $sends', async ({ refused, sends }) => {
    const elsewhere = await controller()
    elsewhere.hub.publish(model('a', 'b'))
    const { version } = elsewhere.hub.published().gateway
    const { hub, url } = await controller()
    const socket = await socketTo(url())
    socket.send(JSON.stringify({ type: 'hello', replica: 'r1', url: 'http://r1', ready: true }))
    socket.send(JSON.stringify({ type: 'ack', version, refused }))
    await eventually(() => expect(hub.replicas().get('r1')?.acked).toBe(version))
    const types: string[] = []
    socket.on('message', (data) => void types.push(JSON.parse(String(data)).type))
    hub.publish(model('a', 'b'))
    await eventually(() => expect(types.filter((type) => type !== 'peers')).toEqual([sends]))
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
    const one = await replica(url)
    const two = await replica(url, undefined, { id: 'r2' })
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
    const socket = await socketTo(url())
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
    const stranger = await replica(url, undefined, { id: 'x', token: 'wrong' })
    const friend = await replica(url, undefined, { id: 'y' })
    await eventually(() => expect(friend.version()).toBe(hub.published().gateway.version))
    expect([stranger.version(), hub.replicas().has('x')]).toEqual([undefined, false])
  })
})
