import { describe, expect, it } from 'vitest'
import type { RateLimit } from '#lib/model/gateway.ts'
import { manualClock } from '#test/kit/manual-clock.ts'
import { keysOwnedBy, rateLimit } from '#test/kit/rate-limits.ts'
import { createBook } from './book.ts'
import { createHanding } from './handing.ts'
import type { PeerClient } from './peer-client.ts'
import { viewOf } from './view.ts'
import type { FromPeer } from './wire.ts'

const ids = ['a', 'b', 'c']
const limit = rateLimit({ key: { by: 'clientIp' } })

/** Replica `a` among a, b and c, with connections that record what is sent. */
function bench({ ahead = [] as readonly string[] } = {}) {
  const sent: [to: string, frame: FromPeer][] = []
  const down = new Set<string>()
  const book = createBook({ maxKeys: 1e6 })
  book.configure([limit])
  const clock = manualClock(1_000)
  let view = viewOf(ids)
  const clientOf = (id: string): PeerClient => ({
    start() {},
    ask: async () => undefined,
    tell(frame) {
      if (!down.has(id)) sent.push([id, frame])
      return !down.has(id)
    },
    isUp: () => !down.has(id),
    retire() {},
  })
  const client = (id: string) => (id === 'a' ? undefined : clientOf(id))
  const standing = { isAhead: (id: string) => ahead.includes(id) }
  const handing = createHanding({ book, view: () => view, client, standing, clock })
  function count(of: RateLimit, key: string): void {
    const counters = book.of(of)
    counters.record(key, counters.find(key), clock.monotonic())
  }
  return {
    ...{ handing, book, clock, down, count },
    enter(members: readonly string[]) {
      view = viewOf(members)
    },
    name: () => view.name,
    /** Frames so far as `to: keys`, with a `.` behind the last one of a run. */
    sent: () =>
      sent.splice(0).map(([to, frame]) => {
        if (frame.type !== 'handover') return `${to}: ${frame.type}`
        return `${to}: ${frame.logs.map(([[, , key]]) => key).join(' ')}${frame.last ? '.' : ''}`
      }),
    held: () => Array.from(book.of(limit).entries(), ([key]) => key),
  }
}

const [mine, yours, theirs] = ids.map((id) => keysOwnedBy(id, ids, limit)[0]) as [string, string, string]

describe('handing over', () => {
  it('sends each log to its owner, and a last frame to each member', async () => {
    const { handing, count, sent, held } = bench()
    for (const key of [mine, yours, theirs]) count(limit, key)
    await handing.handOver()
    expect({ sent: sent(), held: held() }).toEqual({
      sent: ['b: ', 'c: ', `b: ${yours}`, `c: ${theirs}`, 'b: .', 'c: .'],
      held: [mine],
    })
  })

  it('leaves alone what each replica counts for itself', async () => {
    const { handing, book, count, sent } = bench()
    const own = rateLimit({ name: 'own', key: { by: 'clientIp' }, scope: 'replica' })
    count(own, keysOwnedBy('b', ids, own)[0] as string)
    await handing.handOver()
    expect({ sent: sent(), size: book.of(own).size() }).toEqual({ sent: ['b: ', 'c: ', 'b: .', 'c: .'], size: 1 })
  })

  it('keeps what it cannot send, until the owner is up', async () => {
    const { handing, count, down, sent, held } = bench()
    for (const key of [yours, theirs]) count(limit, key)
    down.add('b')
    await handing.handOver()
    expect({ sent: sent(), held: held() }).toEqual({ sent: ['c: ', `c: ${theirs}`, 'c: .'], held: [yours] })
    down.delete('b')
    await handing.handOver('b')
    expect({ sent: sent(), held: held() }).toEqual({ sent: ['b: ', `b: ${yours}`, 'b: .'], held: [] })
  })

  it('keeps what an owner that is ahead has just handed over itself', async () => {
    const { handing, count, book, held } = bench({ ahead: ['b'] })
    count(limit, yours)
    await handing.handOver()
    expect(handing.before('b', [{ counters: book.of(limit), key: yours }])).toBeUndefined()
    expect(held()).toEqual([yours])
  })

  it('goes a slice a turn, and gives way to the next view', async () => {
    const { handing, count, enter, sent, held } = bench()
    for (const key of keysOwnedBy('b', ids, limit, 6_000)) count(limit, key)
    const first = handing.handOver()
    expect(sent().map((each) => each.length > 10)).toEqual([false, false, true])
    expect(held()).toHaveLength(1_000)
    enter(['a', 'b'])
    await Promise.all([first, handing.handOver()])
    expect(sent().map((each) => (each.length > 10 ? 'logs' : each))).toEqual(['b: ', 'logs', 'b: .'])
    expect(held()).toEqual([])
  })

  it('says its last to a member once, after all logs, though two runs overlap', async () => {
    const { handing, count, sent } = bench()
    for (const key of keysOwnedBy('b', ids, limit, 6_000)) count(limit, key)
    await Promise.all([handing.handOver(), handing.handOver('b')])
    const toB = sent().filter((each) => each.startsWith('b'))
    expect({ lasts: toB.filter((each) => each === 'b: .').length, end: toB.at(-1) }).toEqual({ lasts: 1, end: 'b: .' })
    expect(toB.join(' ').match(/k\d+/g)).toHaveLength(6_000)
  })
})

describe('right before asks', () => {
  it('go the logs of their counters, each once', () => {
    const { handing, book, clock, count, name, held } = bench()
    count(limit, yours)
    clock.advance(250)
    count(limit, yours)
    const ask = { counters: book.of(limit), key: yours }
    expect(handing.before('b', [ask, { ...ask, key: 'new' }, ask])).toEqual({
      type: 'handover',
      view: name(),
      logs: [
        [
          ['orders', 'clientIp', yours, 'orders', 5, 10_000, 'Enforce'],
          [250, 0],
        ],
      ],
      last: false,
    })
    expect({ held: held(), again: handing.before('b', [ask]) }).toEqual({ held: [], again: undefined })
  })

  it('goes nothing that has expired, or that is no business of that owner', () => {
    const { handing, book, clock, count, held } = bench()
    for (const key of [mine, yours, theirs]) count(limit, key)
    const asks = [mine, theirs].map((key) => ({ counters: book.of(limit), key }))
    expect(handing.before('b', asks)).toBeUndefined()
    clock.advance(10_000)
    expect(handing.before('b', [{ counters: book.of(limit), key: yours }])).toBeUndefined()
    expect(held()).toEqual([mine, theirs])
  })
})

describe('all is settled', () => {
  it('once each member has taken what was handed over, or is gone', async () => {
    const { handing, name } = bench()
    let settled = false
    const run = handing.handOver()
    const waiting = handing.settled().then(() => {
      settled = true
    })
    await run
    handing.took('b', 'another view')
    handing.took('b', name())
    expect(settled).toBe(false)
    handing.gone('c')
    await waiting
    await handing.settled()
    expect(settled).toBe(true)
  })

  it('at once when there is nobody', async () => {
    const { handing, enter, sent } = bench()
    enter(['a'])
    await handing.handOver()
    await handing.settled()
    expect(sent()).toEqual([])
  })
})
