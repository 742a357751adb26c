import { afterEach, describe, expect, it, vi } from 'vitest'
import type { RateLimit } from '#lib/model/gateway.ts'
import type { WsRoute } from '#lib/ws.ts'
import { eventually } from '#test/kit/eventually.ts'
import { connected, type LimitReplica, limitBed, list, startServer } from '#test/kit/limit-cluster.ts'
import { manualClock } from '#test/kit/manual-clock.ts'
import { keysOwnedBy, rateLimit, subject } from '#test/kit/rate-limits.ts'

vi.setConfig({ testTimeout: 60_000 })

const IDS = ['a', 'b', 'c']
const byKey = { by: 'header', header: 'k' } as const
const clock = manualClock()
const bed = limitBed(clock)
afterEach(bed.clear)

async function cluster() {
  return (await bed.cluster()) as [LimitReplica, LimitReplica, LimitReplica]
}

/** How many of so many concurrent requests are admitted, spread over the replicas. */
async function admitted(
  replicas: readonly LimitReplica[],
  limits: readonly RateLimit[],
  requests: number,
  key?: string,
) {
  const all = Array.from({ length: requests }, (_, i) =>
    (replicas[i % replicas.length] as LimitReplica).admit(limits, key),
  )
  return (await Promise.all(all)).filter((each) => each.admitted).length
}

describe('a limit over three replicas', () => {
  it('of 5/10s admits exactly 5 in any 10 seconds, whoever is asked', async () => {
    const replicas = await cluster()
    const limits = [rateLimit()]
    const counts: number[] = []
    for (const ms of [0, 9_999, 1, 10_000]) {
      clock.advance(ms)
      counts.push(await admitted(replicas, limits, 300))
    }
    expect(counts).toEqual([5, 0, 5, 5])
  })

  it('holds for each of many keys, wherever they are counted', async () => {
    const replicas = await cluster()
    const limits = [rateLimit({ key: byKey })]
    const keys = Array.from({ length: 200 }, (_, i) => `client-${i}`)
    const counts = await Promise.all(keys.map((key) => admitted(replicas, limits, 12, key)))
    expect(counts).toEqual(keys.map(() => 5))
  })

  it('is answered at once by the owner, and with the same answer by the others', async () => {
    const replicas = await cluster()
    const limit = rateLimit({ key: byKey, limit: 3 })
    const key = keysOwnedBy('b', IDS, limit)[0] as string
    const answers = replicas.map(({ limiter }) => limiter.admit([limit], subject({ headers: { k: key } })))
    expect(answers.map((each) => each instanceof Promise)).toEqual([true, false, true])
    const [, own] = answers
    expect(own).toEqual({
      admitted: true,
      headers: ['RateLimit-Policy', '"orders";q=3;w=10', 'RateLimit', '"orders";r=2;t=10'],
      violated: [],
      audited: [],
    })
    await Promise.all(answers)
    clock.advance(2_500)
    expect(await replicas[2].admit([limit], key)).toEqual({
      admitted: false,
      headers: ['RateLimit-Policy', '"orders";q=3;w=10', 'RateLimit', '"orders";r=0;t=8', 'Retry-After', '8'],
      violated: ['orders'],
      audited: [],
    })
  })

  it('is each replica’s own with scope replica', async () => {
    const replicas = await cluster()
    expect(await admitted(replicas, [rateLimit({ scope: 'replica' })], 60)).toBe(15)
  })

  it('takes all or none of limits that different replicas own', async () => {
    const replicas = await cluster()
    const [one, two] = [rateLimit({ name: 'one', key: byKey }), rateLimit({ name: 'two', key: byKey, limit: 2 })]
    const key = keysOwnedBy('a', IDS, one, 50).find((each) => keysOwnedBy('b', IDS, two, 100).includes(each))
    expect(key).toBeDefined()
    expect(await admitted(replicas, [one, two], 30, key)).toBe(2)
    expect((await replicas[2].admit([one, two], key)).violated).toEqual(['two'])
    // What the refused ones had reserved of the first limit comes back: releases are on their way, not waited for.
    let more = 0
    await eventually(async () => {
      more += await admitted(replicas, [one], 1, key)
      expect(more).toBe(3)
    })
    expect(await admitted(replicas, [one], 30, key)).toBe(0)
  })

  it('counts limits in Audit mode without refusing by them', async () => {
    const replicas = await cluster()
    const limits = [rateLimit({ name: 'dry', limit: 1, mode: 'Audit' }), rateLimit({ limit: 3 })]
    const answers = []
    for (const each of [...replicas, ...replicas]) answers.push(await each.admit(limits))
    expect(answers.map(({ admitted, violated, audited }) => ({ admitted, violated, audited }))).toEqual([
      { admitted: true, violated: [], audited: [] },
      { admitted: true, violated: [], audited: ['dry'] },
      { admitted: true, violated: [], audited: ['dry'] },
      ...Array(3).fill({ admitted: false, violated: ['orders'], audited: expect.any(Array) }),
    ])
  })
})

describe('a lost owner', () => {
  /** Three replicas, of which the owner of `key` is lost after `used` requests. */
  async function withoutOwner(parts: Partial<RateLimit>, used = 0) {
    const replicas = await cluster()
    const limit = rateLimit({ key: byKey, ...parts })
    const key = keysOwnedBy('b', IDS, limit)[0] as string
    const before = await admitted(replicas, [limit], used, key)
    await replicas[1].kill()
    const rest = [replicas[0], replicas[2]] as const
    for (const each of rest) await eventually(async () => (await each.admit([probe], probeKey)).unasked !== undefined)
    return { rest, limit, key, before }
  }
  const probe = rateLimit({ name: 'probe', key: byKey, limit: 1_000_000, onError: 'closed' })
  const probeKey = keysOwnedBy('b', IDS, probe)[0] as string

  it('is covered by everybody’s share, one at least, with onError local', async () => {
    const { rest, limit, key } = await withoutOwner({ onError: 'local' })
    expect(await admitted(rest, [limit], 20, key)).toBe(2)
    expect(await rest[0].admit([limit], key)).toEqual({
      admitted: false,
      headers: ['RateLimit-Policy', '"orders";q=5;w=10', 'RateLimit', '"orders";r=0;t=10', 'Retry-After', '10'],
      violated: ['orders'],
      audited: [],
    })
    expect(await rest[0].metric('soa_gateway_ratelimit_unasked_total{policy="orders"}')).toBe(11)
    expect(await rest[0].metric('soa_gateway_ratelimit_decisions_total{policy="orders",decision="admitted"}')).toBe(1)
    expect(await rest[0].metric('soa_gateway_ratelimit_decisions_total{policy="orders",decision="rejected"}')).toBe(10)
  })

  it('lets everything pass with onError open, and says so', async () => {
    const { rest, limit, key } = await withoutOwner({ onError: 'open' }, 5)
    expect(await admitted(rest, [limit], 20, key)).toBe(20)
    expect(await rest[0].admit([limit], key)).toEqual({
      admitted: true,
      headers: ['RateLimit-Policy', '"orders";q=5;w=10'],
      violated: [],
      audited: [],
    })
    expect(await rest[0].metric('soa_gateway_ratelimit_decisions_total{policy="orders",decision="error_open"}')).toBe(
      11,
    )
  })

  it('lets nothing pass with onError closed, and says that it is no excess', async () => {
    const { rest, limit, key } = await withoutOwner({ onError: 'closed' })
    expect(await rest[0].admit([limit], key)).toEqual({
      admitted: false,
      headers: ['RateLimit-Policy', '"orders";q=5;w=10', 'Retry-After', '1'],
      violated: ['orders'],
      audited: [],
      unasked: ['orders'],
    })
    expect(await rest[0].metric('soa_gateway_ratelimit_decisions_total{policy="orders",decision="error_closed"}')).toBe(
      1,
    )
  })

  it.each([1, 2, 5, 9])('costs no more than N + max(N, replicas) in a window, with N = %d', async (n) => {
    const { rest, limit, key, before } = await withoutOwner({ limit: n }, 20)
    expect(before).toBe(n)
    let total = before + (await admitted(rest, [limit], 40, key))
    list(rest)
    await connected(rest)
    clock.advance(1)
    total += await admitted(rest, [limit], 40, key)
    expect(total).toBe(n + Math.max(n, 2))
    expect(total).toBeLessThanOrEqual(n + Math.max(n, IDS.length))
    // And once the window of the change is over, exactly N again.
    clock.advance(10_000)
    expect(await admitted(rest, [limit], 40, key)).toBe(n)
  })

  it('hands its counters to the rest, which count what they gave away meanwhile', async () => {
    const { rest, limit, key } = await withoutOwner({ onError: 'local' }, 3)
    expect(await admitted(rest, [limit], 10, key)).toBe(2)
    list(rest)
    await connected(rest)
    expect(await admitted(rest, [limit], 30, key)).toBe(3)
  })

  it('that comes back under its name at another address is found again', async () => {
    const { rest, limit, key } = await withoutOwner({ onError: 'closed' })
    const back = await bed.replica('b')
    const all = [...rest, back]
    list(all)
    await connected(all)
    expect(await admitted(all, [limit], 30, key)).toBe(5)
  })
})

describe('a peer with another token', () => {
  it('is refused, and so a lost owner', async () => {
    const [ours, theirs] = [await bed.replica('a'), await bed.replica('b', { token: 'another' })]
    list([ours, theirs])
    const limit = rateLimit({ key: byKey, onError: 'closed' })
    const [key] = keysOwnedBy('b', ['a', 'b'], limit) as [string]
    expect((await ours.admit([limit], key)).unasked).toEqual(['orders'])
    expect(await theirs.metric('soa_gateway_ratelimit_keys{policy="orders"}')).toBe(0)
  })
})

describe('a peer that stalls', () => {
  it('costs the timeout once, then nothing until it is tried again a second later', async () => {
    const asked: string[] = []
    const silent: WsRoute = {
      matches: (path) => path === '/limits/peers',
      accept: (socket) => socket.on('message', (data) => asked.push(JSON.parse(String(data)).type)),
    }
    const stalled = bed.keep(await startServer([silent]))
    const replica = await bed.replica('a', { settings: { limitPeerTimeoutMs: 30, limitHandoverMs: 0 } })
    replica.peers.replace([
      { id: 'a', url: replica.url },
      { id: 'b', url: stalled.url },
    ])
    const limit = rateLimit({ key: byKey, onError: 'open' })
    const key = keysOwnedBy('b', ['a', 'b'], limit)[0] as string
    const asks = () => asked.filter((type) => type === 'asks').length
    await eventually(() => asked.includes('hello'))

    expect(await admitted([replica], [limit], 10, key)).toBe(10)
    expect(asks()).toBe(1)
    expect(await admitted([replica], [limit], 10, key)).toBe(10)
    expect(asks()).toBe(1)
    clock.advance(1_000)
    expect(await admitted([replica], [limit], 1, key)).toBe(1)
    expect(asks()).toBe(2)
    expect(await replica.metric('soa_gateway_ratelimit_unasked_total{policy="orders"}')).toBe(21)
  })
})
