import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { eventually } from '#test/kit/eventually.ts'
import { type LimitReplica, limitBed, list, startServer, unasked } from '#test/kit/limit-cluster.ts'
import { manualClock } from '#test/kit/manual-clock.ts'
import { keysOwnedBy, rateLimit } from '#test/kit/rate-limits.ts'
import { createCounters } from './counters.ts'
import { viewOf } from './view.ts'
import { type FromOwner, type FromPeer, PEER_PATH, toWire } from './wire.ts'

vi.setConfig({ testTimeout: 60_000 })

const IDS = ['a', 'b', 'c'] as const
const limit = rateLimit({ key: { by: 'header', header: 'k' } })
const bed = limitBed(manualClock())
afterEach(bed.clear)

describe('a replica that has just joined', () => {
  /** Another replica that says what the test says; its answers are what it was sent back. */
  async function peer(id: string, joined: LimitReplica) {
    const heard: FromOwner[] = []
    const server = await startServer([{ matches: (path) => path === PEER_PATH, accept() {} }])
    const socket = new WebSocket(`${joined.url.replace('http', 'ws')}${PEER_PATH}`, {
      headers: { authorization: 'Bearer secret' },
    })
    socket.on('message', (data) => heard.push(JSON.parse(String(data))))
    await new Promise((resolve) => socket.on('open', resolve))
    const tell = (frame: FromPeer) => socket.send(JSON.stringify(frame))
    tell({ type: 'hello', replica: id, stays: true })
    bed.keep({ stop: () => Promise.all([socket.terminate(), server.stop()]) })
    return { id, url: server.url, heard, tell }
  }

  it('decides on its new counters once it has their logs, and tells who asks to wait', async () => {
    const replica = await bed.replica('new')
    const old = await peer('old', replica)
    const view = viewOf(['old', 'new']).name
    const key = keysOwnedBy('new', ['old', 'new'], limit)[0] as string
    const counter = toWire({ counters: createCounters(limit, 1), key })
    replica.peers.replace([old, replica])
    const own = replica.admit([limit], key)
    old.tell({ type: 'asks', items: [[1, 0, [counter]]] })
    await eventually(() => expect(old.heard).toEqual([{ type: 'answers', items: [], held: [1] }]))
    old.tell({ type: 'handover', view, logs: [[counter, [3_000, 2_000, 1_000, 0]]], last: false })
    old.tell({ type: 'handover', view, logs: [], last: true })
    expect(await own).toMatchObject({ admitted: true, headers: expect.arrayContaining(['"orders";r=0;t=7']) })
    await eventually(() =>
      expect(old.heard.slice(1)).toEqual([
        { type: 'took', view },
        { type: 'answers', items: [[1, [[false, 0, 7_000, null]]]], held: [] },
      ]),
    )
  })

  it('does not wait longer than it may', async () => {
    const replica = await bed.replica('new', { settings: { limitHandoverMs: 20 } })
    const old = await peer('old', replica)
    replica.peers.replace([old, replica])
    const key = keysOwnedBy('new', ['old', 'new'], limit)[0] as string
    expect(await replica.admit([limit], key)).toMatchObject({ admitted: true })
    expect(await unasked([replica])).toBe(0)
  })
})

describe('a large book', () => {
  /** Keys that `c` owns among a, b and c, each counted three times by a or b; the last ones’ logs go out slices later. */
  async function large(replicas: readonly LimitReplica[]) {
    const keys = keysOwnedBy('c', IDS, limit, 9_000)
    for (let i = 0; i < 3; i++)
      await Promise.all(keys.map((key) => (replicas[i % replicas.length] as LimitReplica).admit([limit], key)))
    const counts = new Map(keys.slice(-300).map((key) => [key, 3]))
    async function request(from: readonly LimitReplica[]): Promise<void> {
      const one = async (key: string) => {
        for (const replica of from)
          if ((await replica.admit([limit], key)).admitted) counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      await Promise.all([...counts.keys()].map(one))
    }
    return { request, counts: () => [...counts.values()] }
  }
  const all = Array<number>(300).fill(5)

  it.each([
    { told: 'at once', late: false },
    { told: 'after requests have come', late: true },
  ])('is handed over to one that joins and is told $told, while requests go on', async ({ late }) => {
    const [a, b] = (await bed.cluster(['a', 'b'])) as [LimitReplica, LimitReplica]
    const c = await bed.replica('c')
    list([a, b], [c])
    const { request, counts } = await large([a, b])
    list([a, b, c], late ? [a, b] : [a, b, c])
    await request([a, b, a])
    list([a, b, c])
    await request([c])
    expect(counts()).toEqual(all)
    await eventually(async () => (await c.metric('soa_gateway_ratelimit_keys{policy="orders"}')) === 9_000)
    expect(await unasked([a, b, c])).toBe(0)
  })

  it('is handed over by one that leaves, while requests go on', async () => {
    const [a, b, c] = (await bed.cluster()) as [LimitReplica, LimitReplica, LimitReplica]
    const { request, counts } = await large([a, b])
    const leaving = c.stop()
    await request([a, b, a])
    await leaving
    await request([b])
    expect(counts()).toEqual(all)
    expect(await unasked([a, b])).toBe(0)
  })
})
