import { describe, expect, it } from 'vitest'
import type { RateLimit } from '#lib/model/gateway.ts'
import { manualClock } from '#test/kit/manual-clock.ts'
import { keysOwnedBy, rateLimit } from '#test/kit/rate-limits.ts'
import { createCounters } from './counters.ts'
import { type Ask, createDecide, type Verdict } from './decide.ts'
import { NOT_RELAYED } from './fallback.ts'
import type { PeerVerdicts } from './peer-client.ts'
import { createTake, MAX_HOPS, type Trip } from './take.ts'
import { viewOf } from './view.ts'

const ids = ['a', 'b', 'c']
const yes: Verdict = { ok: true, remaining: 4, waitMs: 10, stamp: 7 }
const no: Verdict = { ok: false, remaining: 0, waitMs: 10, stamp: undefined }

/** Replica `b` among a, b and c; the others answer what the test says. */
function bench({
  says = () => [yes],
  ahead = [],
}: {
  says?: (to: string) => PeerVerdicts | undefined
  ahead?: string[]
} = {}) {
  const sent: string[] = []
  let gate: PromiseWithResolvers<void> | undefined
  let view = viewOf(ids)
  const { take, release } = createTake({
    replica: 'b',
    view: () => view,
    client: (id) => ({
      start() {},
      async ask(asks, hops) {
        sent.push(`ask ${id} ${asks.map(({ counters }) => counters.limit().name)} ${hops}`)
        return says(id)
      },
      tell: (frame) => sent.push(`${frame.type} ${id} ${'hops' in frame ? frame.hops : ''}`) > 0,
      isUp: () => true,
      retire() {},
    }),
    barrier: { pending: () => gate?.promise, isOpen: () => gate === undefined },
    standing: { isAhead: (id) => ahead.includes(id) },
    decide: createDecide({ onOverflow: 'refuse', overflowed() {} }),
    clock: manualClock(5),
  })
  const own: Trip = { hops: 0, unreachable: (asks) => asks.map(() => ({ ...no, unasked: 'closed' })) }
  const from = (id: string, hops: number): Trip => ({
    ...{ hops, from: id },
    unreachable: (asks) => asks.map(() => NOT_RELAYED),
  })
  return {
    ...{ take, release, sent, own, from },
    close() {
      gate = Promise.withResolvers()
    },
    open() {
      gate?.resolve()
      gate = undefined
    },
    enter(members: readonly string[]) {
      view = viewOf(members)
    },
  }
}

function askOf(owner: string, parts: Partial<RateLimit> = {}): Ask {
  const limit = rateLimit({ name: `of-${owner}`, key: { by: 'clientIp' }, ...parts })
  return { counters: createCounters(limit, 9), key: keysOwnedBy(owner, ids, limit)[0] as string }
}

describe('units of counters', () => {
  it('held here are taken at once', () => {
    const { take, own, sent } = bench()
    expect(take([askOf('b'), askOf('b')], own)).toEqual(
      Array(2).fill({ ok: true, remaining: 4, waitMs: 10_000, stamp: 5 }),
    )
    expect(sent).toEqual([])
  })

  it('held elsewhere are asked for, one owner after the other in the order of their ids', async () => {
    const { take, own, sent } = bench({ says: (id) => (id === 'a' ? [yes, yes] : [yes]) })
    const asks = [askOf('c'), askOf('a'), askOf('b'), askOf('a', { name: 'other' })]
    const said = await take(asks, own)
    expect(said.map((each) => each?.ok)).toEqual([true, true, true, true])
    expect(sent).toEqual(['ask a of-a,other 0', 'ask c of-c 0'])
    expect(asks[2]?.counters.size()).toBe(1)
  })

  it('taken before a refusal are given back, wherever they are', async () => {
    const { take, own, sent } = bench({ says: (id) => [id === 'c' ? no : yes] })
    const asks = [askOf('a'), askOf('b'), askOf('c')]
    expect(await take(asks, own)).toEqual([
      { ...yes, remaining: 5, stamp: undefined },
      { ok: true, remaining: 5, waitMs: 10_000, stamp: undefined },
      no,
    ])
    expect(sent).toEqual(['ask a of-a 0', 'ask c of-c 0', 'release a 0'])
    const log = asks[1]?.counters.find(asks[1].key)
    expect(log?.size).toBe(0)
  })

  it('are not asked for once an earlier owner has refused, unless that was in Audit mode', async () => {
    const { take, own, sent } = bench({ says: (id) => [id === 'a' ? no : yes] })
    expect(await take([askOf('c'), askOf('a')], own)).toEqual([undefined, no])
    expect(sent.splice(0)).toEqual(['ask a of-a 0'])
    expect(await take([askOf('c'), askOf('a', { mode: 'Audit' })], own)).toEqual([yes, no])
    expect(sent).toEqual(['ask a of-a 0', 'ask c of-c 0'])
  })

  it('are as onError says when the owner cannot be asked', async () => {
    const { take, own, sent } = bench({ says: (id) => (id === 'c' ? undefined : [yes]) })
    const said = await take([askOf('a'), askOf('c')], own)
    expect(said.map((each) => [each?.ok, each?.unasked])).toEqual([
      [true, undefined],
      [false, 'closed'],
    ])
    expect(sent.at(-1)).toBe('release a 0')
  })

  it('of limits that each replica counts for itself are always here', () => {
    const { take, own } = bench()
    expect(take([askOf('a', { scope: 'replica' })], own)).toEqual([expect.objectContaining({ ok: true })])
  })

  it('wait for the logs of their counters, and go to who owns them by then', async () => {
    const { take, own, sent, close, open, enter } = bench()
    const ask = askOf('b')
    close()
    const said = take([ask], own)
    expect(said).toBeInstanceOf(Promise)
    enter(['a', 'c'])
    open()
    expect(await said).toEqual([yes])
    expect(sent).toHaveLength(1)
    expect(ask.counters.size()).toBe(0)
  })
})

describe('a peer’s ask', () => {
  it.each([
    { owner: 'b', hops: 0, ahead: [], passes: undefined, why: 'the counter is this replica’s' },
    { owner: 'c', hops: 0, ahead: [], passes: 'ask c of-c 1', why: 'it is another’s' },
    { owner: 'c', hops: 0, ahead: ['a'], passes: 'ask c of-c 1', why: 'its owner has the log, whoever asks' },
    { owner: 'c', hops: 1, ahead: [], passes: 'ask c of-c 2', why: 'the peer has yet to hear of the change' },
    { owner: 'c', hops: 1, ahead: ['a'], passes: undefined, why: 'the peer is ahead, and has sent the log' },
    { owner: 'c', hops: MAX_HOPS, ahead: [], passes: undefined, why: 'it has come round too often' },
  ])(
    'for a counter of $owner after $hops hops goes on as $passes, since $why',
    async ({ owner, hops, ahead, passes }) => {
      const { take, from, sent } = bench({ ahead })
      expect((await take([askOf(owner)], from('a', hops))).map((each) => each?.ok)).toEqual([true])
      expect(sent).toEqual(passes === undefined ? [] : [passes])
    },
  )

  it('that cannot be passed on takes nothing, even of limits in Audit mode', async () => {
    const { take, from, sent } = bench({ says: (id) => (id === 'c' ? undefined : [yes]) })
    const asks = [askOf('a'), askOf('b'), askOf('c', { mode: 'Audit' })]
    expect((await take(asks, from('a', 0))).map((each) => each?.unasked)).toEqual([undefined, undefined, 'relay'])
    expect(sent).toEqual(['ask a of-a 1', 'ask c of-c 1', 'release a 0'])
    expect(asks[1]?.counters.find(asks[1].key)?.size).toBe(0)
  })
})

describe('a release', () => {
  it('is done here when the unit is here, else passed on to the owner, not for ever', () => {
    const { take, release, own, sent } = bench()
    const [here, there] = [askOf('b'), askOf('c')]
    take([here], own)
    release(here, 5, 0)
    expect(here.counters.find(here.key)?.size).toBe(0)
    release(here, 5, 0)
    expect(sent).toEqual([])
    release(there, 5, 0)
    release(there, 5, MAX_HOPS)
    expect(sent).toEqual(['release c 1'])
  })
})
