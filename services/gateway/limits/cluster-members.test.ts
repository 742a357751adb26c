import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { connected, type LimitReplica, limitBed, list, unasked } from '#test/kit/limit-cluster.ts'
import { manualClock } from '#test/kit/manual-clock.ts'
import { rateLimit, seeded } from '#test/kit/rate-limits.ts'

vi.setConfig({ testTimeout: 60_000 })

const IDS = ['a', 'b', 'c'] as const
const KEYS = Array.from({ length: 60 }, (_, i) => `client-${i}`)
const limit = rateLimit({ key: { by: 'header', header: 'k' } })
const bed = limitBed(manualClock())
afterEach(bed.clear)

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

const exactly = (count: number) => KEYS.map(() => count)

describe('a replica that joins', () => {
  it('takes over its share of the counters, and nothing is forgotten', async () => {
    const replicas = await bed.cluster()
    const requests = traffic(() => replicas, 1)
    for (let i = 0; i < 3; i++) await requests.round()
    expect(requests.counts()).toEqual(exactly(3))
    replicas.push(await bed.replica('d'))
    list(replicas)
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
    expect(await unasked(replicas)).toBe(0)
    const owned = await (replicas[3] as LimitReplica).metric('soa_gateway_ratelimit_keys{policy="orders"}')
    expect(owned).toBeGreaterThan(0)
  })
})

describe('a replica that leaves', () => {
  it('hands over its counters, and nothing is forgotten', async () => {
    const replicas = await bed.cluster()
    const requests = traffic(() => replicas, 2)
    for (let i = 0; i < 3; i++) await requests.round()
    await (replicas.pop() as LimitReplica).stop()
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
    expect(await unasked(replicas)).toBe(0)
  })

  it('and is the last but one leaves all counters to the last', async () => {
    const replicas = await bed.cluster(['a', 'b'])
    const requests = traffic(() => replicas, 3)
    await requests.round()
    await (replicas.shift() as LimitReplica).stop()
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
      const replicas = await bed.cluster()
      const serving = [...replicas]
      const requests = traffic(() => serving, order[0])
      const d = await bed.replica('d')
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
      const all = await bed.cluster([...IDS, 'd'])
      const serving = [...all]
      const requests = traffic(() => serving, order[0])
      void requests.flow()
      let leaving: Promise<void> | undefined
      for (const index of order) {
        await requests.answers(20)
        if (index < 3) list(all.slice(0, 3), [all[index] as LimitReplica])
        else {
          serving.pop()
          leaving = (all[3] as LimitReplica).stop()
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
    const replicas = await bed.cluster()
    const [, b, c] = replicas as [LimitReplica, LimitReplica, LimitReplica]
    const serving = [b, c]
    const requests = traffic(() => serving, 5)
    list([b, c], replicas)
    void requests.flow()
    const d = await bed.replica('d')
    await requests.answers(50)
    list([b, c, d], [...replicas, d])
    serving.push(d)
    await requests.answers(50)
    await (replicas[0] as LimitReplica).stop()
    await requests.over()
    await requests.exhaust()
    expect(requests.counts()).toEqual(exactly(5))
    expect(await unasked([b, c, d])).toBe(0)
  })

  it('keeps every count while replicas come and go, one after the other', async () => {
    const all = await bed.cluster()
    const requests = traffic(() => all, 9)
    void requests.flow()
    for (const id of ['d', 'e', 'f', 'g']) {
      const next = await bed.replica(id)
      list([...all, next])
      await connected([...all, next])
      const oldest = all.shift() as LimitReplica
      all.push(next)
      await requests.answers(20)
      await oldest.stop()
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
    const replicas = await bed.cluster()
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
    const replicas = await bed.cluster()
    const requests = traffic(() => replicas, 6)
    for (let i = 0; i < 3; i++) await requests.round()
    const d = await bed.replica('d')
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
