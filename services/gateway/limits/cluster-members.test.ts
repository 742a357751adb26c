import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { eventually } from '#test/kit/eventually.ts'
import { connected, type LimitReplica, list, startCluster, startReplica, startServer } from '#test/kit/limit-cluster.ts'
import { manualClock } from '#test/kit/manual-clock.ts'
import { keysOwnedBy, rateLimit, seeded } from '#test/kit/rate-limits.ts'
import { createCounters } from './counters.ts'
import { viewOf } from './view.ts'
import { type FromOwner, type FromPeer, PEER_PATH, toWire } from './wire.ts'

const IDS = ['a', 'b', 'c'] as const
const KEYS = Array.from({ length: 60 }, (_, i) => `client-${i}`)
const limit = rateLimit({ key: { by: 'header', header: 'k' } })
const running = new Set<{ readonly stop: () => Promise<unknown> }>()
afterEach(async () => {
  await Promise.all([...running].map((each) => each.stop()))
  running.clear()
})

const clock = manualClock()

async function cluster(ids: readonly string[]): Promise<LimitReplica[]> {
  clock.advance(1e6)
  const replicas = await startCluster(ids, { clock })
  for (const each of replicas) running.add(each)
  return [...replicas]
}

async function joiner(id: string): Promise<LimitReplica> {
  const replica = await startReplica({ id, clock })
  running.add(replica)
  return replica
}

async function stopped(replica: LimitReplica): Promise<void> {
  running.delete(replica)
  await replica.stop()
}

/** Requests for all keys at random replicas; counts what each key got. */
function traffic(replicas: () => readonly LimitReplica[], seed: number) {
  const random = seeded(seed)
  const counts = new Map(KEYS.map((key) => [key, 0]))
  const inFlight: Promise<void>[] = []
  let isOver = false
  let answered = 0

  async function one(key: string): Promise<void> {
    const among = replicas()
    const answer = await (among[Math.floor(random() * among.length)] as LimitReplica).admit([limit], key)
    answered++
    if (answer.admitted) counts.set(key, (counts.get(key) ?? 0) + 1)
  }

  return {
    counts: () => [...counts.values()],
    /** One request a key, all at once. */
    round: async () => void (await Promise.all(KEYS.map(one))),
    /** Some more each turn of the event loop, whether or not the last ones are answered, until `over`. */
    async flow(): Promise<void> {
      for (isOver = false; !isOver; await nextTurn()) inFlight.push(...KEYS.filter(() => random() < 0.05).map(one))
    },
    /** Resolves once so many more have been answered. */
    answers(more: number): Promise<unknown> {
      const goal = answered + more
      return eventually(() => answered >= goal, { everyMs: 1 })
    },
    async over(): Promise<void> {
      isOver = true
      await Promise.all(inFlight.splice(0))
    },
    async exhaust(): Promise<void> {
      for (let i = 0; i < 7; i++) await this.round()
    },
  }
}

async function unasked(replicas: Iterable<LimitReplica>): Promise<number> {
  let total = 0
  for (const each of replicas) total += await each.metric('soa_gateway_ratelimit_unasked_total{policy="orders"}')
  return total
}

const exactly = (count: number) => KEYS.map(() => count)

describe('a replica that joins', () => {
  it('takes over its share of the counters, and nothing is forgotten', async () => {
    const replicas = await cluster(IDS)
    const requests = traffic(() => replicas, 1)
    for (let i = 0; i < 3; i++) await requests.round()
    expect(requests.counts()).toEqual(exactly(3))
    replicas.push(await joiner('d'))
    list(replicas)
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
    expect(await unasked(replicas)).toBe(0)
    const owned = await (replicas[3] as LimitReplica).metric('soa_gateway_ratelimit_keys{policy="orders"}')
    expect(owned).toBeGreaterThan(0)
  })
})

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
    running.add({ stop: () => Promise.all([socket.terminate(), server.stop()]) })
    return { id, url: server.url, heard, tell }
  }

  it('decides on its new counters once it has their logs, and tells who asks to wait', async () => {
    const replica = await joiner('new')
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
    const replica = await startReplica({ id: 'new', clock, settings: { limitHandoverMs: 20 } })
    running.add(replica)
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
    const [a, b] = (await cluster(['a', 'b'])) as [LimitReplica, LimitReplica]
    const c = await joiner('c')
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
    const [a, b, c] = (await cluster(IDS)) as [LimitReplica, LimitReplica, LimitReplica]
    const { request, counts } = await large([a, b])
    const leaving = stopped(c)
    await request([a, b, a])
    await leaving
    await request([b])
    expect(counts()).toEqual(all)
    expect(await unasked([a, b])).toBe(0)
  })
})

describe('a replica that leaves', () => {
  it('hands over its counters, and nothing is forgotten', async () => {
    const replicas = await cluster(IDS)
    const requests = traffic(() => replicas, 2)
    for (let i = 0; i < 3; i++) await requests.round()
    await stopped(replicas.pop() as LimitReplica)
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
    expect(await unasked(replicas)).toBe(0)
  })

  it('and is the last but one leaves all counters to the last', async () => {
    const replicas = await cluster(['a', 'b'])
    const requests = traffic(() => replicas, 3)
    await requests.round()
    await stopped(replicas.shift() as LimitReplica)
    list(replicas)
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
  })
})

describe('a change of members under traffic', () => {
  const orders = permutations([0, 1, 2, 3]) as [number, number, number, number][]

  it.each(orders)(
    'keeps every count while a fourth joins and replicas learn it in the order %j %j %j %j',
    async (...order) => {
      const replicas = await cluster(IDS)
      const serving = [...replicas]
      const requests = traffic(() => serving, order[0])
      const d = await joiner('d')
      const all = [...replicas, d]
      // What the controller told it before it was ready.
      list(replicas, [d])
      void requests.flow()
      for (const index of order) {
        await requests.answers(20)
        list(all, [all[index] as LimitReplica])
        if (index === 3) serving.push(d)
      }
      await connected(all)
      await requests.over()
      await requests.exhaust()
      expect(requests.counts()).toEqual(exactly(5))
      expect(await unasked(all)).toBe(0)
    },
  )

  it.each(orders)(
    'keeps every count while one leaves, the controller telling it in the order %j %j %j %j',
    async (...order) => {
      const all = await cluster([...IDS, 'd'])
      const serving = [...all]
      const requests = traffic(() => serving, order[0])
      void requests.flow()
      let leaving: Promise<void> | undefined
      for (const index of order) {
        await requests.answers(20)
        if (index < 3) list(all.slice(0, 3), [all[index] as LimitReplica])
        else {
          serving.pop()
          leaving = stopped(all[3] as LimitReplica)
        }
      }
      await leaving
      await requests.over()
      await requests.exhaust()
      expect(requests.counts()).toEqual(exactly(5))
      expect(await unasked(all)).toBe(0)
    },
  )

  it('keeps every count while a fourth joins that is not told of one that drains', async () => {
    const replicas = await cluster(IDS)
    const [, b, c] = replicas as [LimitReplica, LimitReplica, LimitReplica]
    const serving = [b, c]
    const requests = traffic(() => serving, 5)
    list([b, c], replicas)
    void requests.flow()
    const d = await joiner('d')
    await requests.answers(50)
    list([b, c, d], [...replicas, d])
    serving.push(d)
    await requests.answers(50)
    await stopped(replicas[0] as LimitReplica)
    await requests.over()
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
    expect(await unasked([b, c, d])).toBe(0)
  })

  it('keeps every count while replicas come and go, one after the other', async () => {
    const all = await cluster(IDS)
    const requests = traffic(() => all, 9)
    void requests.flow()
    for (const id of ['d', 'e', 'f', 'g']) {
      const next = await joiner(id)
      list([...all, next])
      await connected([...all, next])
      const oldest = all.shift() as LimitReplica
      all.push(next)
      await requests.answers(20)
      await stopped(oldest)
      list(all)
      await connected(all)
    }
    await requests.over()
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
    expect(await unasked(all)).toBe(0)
  })
})

describe('a controller that restarts', () => {
  it('and lists replicas one by one as they find it again changes nothing', async () => {
    const replicas = await cluster(IDS)
    const requests = traffic(() => replicas, 4)
    await requests.round()
    list([], replicas)
    await requests.round()
    for (let count = 1; count <= 3; count++) {
      list(replicas.slice(0, count), replicas)
      await requests.round()
    }
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
    expect(await unasked(replicas)).toBe(0)
  })

  it('and lists nobody but one that has just joined lets the others introduce themselves', async () => {
    const replicas = await cluster(IDS)
    const requests = traffic(() => replicas, 6)
    for (let i = 0; i < 3; i++) await requests.round()
    const d = await joiner('d')
    list([d], [...replicas, d])
    await connected([...replicas, d])
    replicas.push(d)
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
  })
})

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item) => permutations(items.filter((each) => each !== item)).map((rest) => [item, ...rest]))
}
