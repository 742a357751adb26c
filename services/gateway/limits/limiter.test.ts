import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '#lib/clock.ts'
import { createMetrics } from '#lib/metrics.ts'
import type { RateLimit } from '#lib/model/gateway.ts'
import type { Peer } from '#lib/model/slice.ts'
import { createTable } from '#lib/table.ts'
import { manualClock } from '#test/kit/manual-clock.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { rateLimit, seeded, subject } from '#test/kit/rate-limits.ts'
import type { Admission, LimitSubject } from './contract.ts'
import { identityOf } from './counters.ts'
import { keyValue } from './key.ts'
import { createLimiter } from './limiter.ts'
import type { LimitSettings } from './settings.ts'

const SETTINGS: LimitSettings = {
  limitMaxKeys: 1_000,
  limitOnOverflow: 'refuse',
  limitPeerTimeoutMs: 50,
  limitHandoverMs: 250,
}

function bench(clock: Clock, settings: Partial<LimitSettings> = {}) {
  const metrics = createMetrics({ process: false })
  const { limiter } = createLimiter({
    replica: 'a',
    peers: createTable<readonly Peer[]>([]),
    token: undefined,
    log: quietLog(),
    metrics,
    clock,
    random: Math.random,
    settings: { ...SETTINGS, ...settings },
  })
  /** At once: this replica is alone. */
  const admit = (limits: readonly RateLimit[], request: LimitSubject = subject({})) =>
    limiter.admit(limits, request) as Admission
  return { limiter, admit, metrics }
}

/**
 * The definition: every admission kept with its time, all of those in the window counted. `keep` forgets what a log of N
 * must forget, for limits whose period grows.
 */
function reference({ keep }: { readonly keep: 'all' | 'newest N' }) {
  const counters = new Map<string, number[]>()
  return function answer(limits: readonly RateLimit[], request: LimitSubject, now: number) {
    const held = limits.map((limit) => {
      const identity = `${identityOf(limit)} ${keyValue(limit.key, request)}`
      const stamps = counters.get(identity) ?? []
      const used = stamps.filter((each) => each > now - limit.periodMs).length
      return { limit, identity, stamps, used, ok: used < limit.limit }
    })
    const names = (mode: RateLimit['mode']) =>
      held.filter(({ limit, ok }) => !ok && limit.mode === mode).map(({ limit }) => limit.name)
    const violated = names('Enforce')
    for (const { limit, identity, stamps, ok } of violated.length === 0 ? held : [])
      if (ok)
        counters.set(identity, keep === 'all' ? [...stamps.slice(-50), now] : [...stamps, now].slice(-limit.limit))
    const left = held
      .filter(({ limit }) => limit.mode === 'Enforce')
      .map(({ limit, used }) => Math.max(0, limit.limit - used - (violated.length === 0 ? 1 : 0)))
    return { admitted: violated.length === 0, violated, audited: names('Audit'), left }
  }
}

/** What the limiter said, in the reference's words. */
function saying({ admitted, violated, audited, headers }: Admission) {
  const state = headers[headers.indexOf('RateLimit') + 1] ?? ''
  return { admitted, violated, audited, left: Array.from(state.matchAll(/;r=(\d+)/g), ([, r]) => Number(r)) }
}

const all = rateLimit({ name: 'all', limit: 12, periodMs: 1_000 })
const byToken = rateLimit({ name: 'token', limit: 3, periodMs: 1_500, key: { by: 'header', header: 'token' } })
const byIp = rateLimit({ name: 'ip', limit: 5, periodMs: 700, key: { by: 'clientIp' } })
const byConsumer = rateLimit({ name: 'consumer', limit: 4, periodMs: 900, key: { by: 'consumer' } })
const dry = rateLimit({ name: 'dry', limit: 2, periodMs: 400, mode: 'Audit' })

describe('the limiter against its definition', () => {
  it('agrees on 120,000 random arrivals at stacked limits, while N changes: never one too many, never one too few', {
    timeout: 60_000,
  }, () => {
    const random = seeded(7)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
    const clock = manualClock()
    const { admit, limiter } = bench(clock)
    const answer = reference({ keep: 'all' })
    let inForce = [all, byToken, byIp, byConsumer, dry]
    limiter.configure(inForce)
    let [differences, admissions, changes]: [unknown[], number, number] = [[], 0, 0]
    for (let arrival = 0; arrival < 120_000; arrival++) {
      const pace = random()
      clock.advance(pace < 0.2 ? 0 : pace > 0.999 ? 3_000 * random() : 120 * random())
      if (random() < 0.005) {
        const changed = pick(inForce)
        inForce = inForce.map((each) => (each === changed ? { ...each, limit: Math.floor(random() * 15) } : each))
        limiter.configure(inForce)
        changes++
      }
      // Routes: any of the limits, in an order that stays.
      const limits = inForce.filter(() => random() < 0.5)
      const headers: Record<string, string> = random() < 0.8 ? { token: pick(['t1', 't2', 't3', 'x'.repeat(90)]) } : {}
      const request = subject({ ip: pick(['203.0.113.1', '2001:db8::1']), headers, consumer: pick(['alice', 'bob']) })
      const [said, meant] = [saying(admit(limits, request)), answer(limits, request, clock.monotonic())]
      if (JSON.stringify(said) !== JSON.stringify(meant))
        differences = [...differences, { arrival, said, meant }].slice(0, 3)
      if (said.admitted && limits.length > 0) admissions++
    }
    expect(differences).toEqual([])
    expect(changes).toBeGreaterThan(500)
    expect(admissions).toBeGreaterThan(20_000)
  })

  it('agrees whatever arrives, is configured or is removed', { timeout: 60_000 }, () => {
    const limits = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('one', 'two', 'three'),
        limit: fc.nat(4),
        periodMs: fc.integer({ min: 100, max: 900 }),
        key: fc.constantFrom({ by: 'global' } as const, { by: 'clientIp' } as const),
        mode: fc.constantFrom('Enforce' as const, 'Audit' as const),
      }),
      { selector: ({ name }) => name, maxLength: 3 },
    )
    const step = fc.oneof(
      { weight: 9, arbitrary: fc.record({ after: fc.nat(200), ip: fc.constantFrom('a', 'b') }) },
      { weight: 1, arbitrary: fc.record({ configure: limits }) },
    )
    const property = fc.property(limits, fc.array(step, { maxLength: 80 }), (first, steps) => {
      const clock = manualClock()
      const { admit, limiter } = bench(clock)
      const answer = reference({ keep: 'newest N' })
      let inForce = first.map((parts) => rateLimit(parts))
      limiter.configure(inForce)
      for (const each of steps) {
        if ('configure' in each) {
          inForce = each.configure.map((parts) => rateLimit(parts))
          limiter.configure(inForce)
        } else {
          clock.advance(each.after)
          const request = subject({ ip: each.ip })
          expect(saying(admit(inForce, request))).toEqual(answer(inForce, request, clock.monotonic()))
        }
      }
    })
    fc.assert(property, { numRuns: 400, seed: 3 })
  })

  it('says when to come back, and is right: refused a moment before, admitted then', () => {
    const random = seeded(11)
    const clock = manualClock()
    const { admit, limiter } = bench(clock)
    const limit = rateLimit({ limit: 4, periodMs: 30_000 })
    limiter.configure([limit])
    let checked = 0
    for (let arrival = 0; arrival < 3_000; arrival++) {
      clock.advance(4_000 * random())
      const { admitted, headers } = admit([limit])
      if (admitted) continue
      const after = Number(headers[headers.indexOf('Retry-After') + 1])
      expect(headers[headers.indexOf('RateLimit') + 1]).toBe(`"orders";r=0;t=${after}`)
      clock.advance((after - 1) * 1_000 - 0.002)
      expect(admit([limit]).admitted).toBe(false)
      clock.advance(1_000.002)
      expect(admit([limit]).admitted).toBe(true)
      checked++
    }
    expect(checked).toBeGreaterThan(500)
  })
})

describe('the limiter', () => {
  it('has no word on a request without limits', () => {
    expect(bench(manualClock()).admit([])).toEqual({ admitted: true, headers: [], violated: [], audited: [] })
  })

  it('lets a client that goes on after its refusals in again: they are not counted', () => {
    const clock = manualClock()
    const { admit } = bench(clock)
    const admitted: number[] = []
    for (let second = 0; second < 30; second++) {
      if (admit([rateLimit()]).admitted) admitted.push(second)
      clock.advance(1_000)
    }
    expect(admitted).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24])
  })

  it('counts on where it was when a limit is taken away and put back', () => {
    const clock = manualClock()
    const { admit, limiter } = bench(clock)
    const limit = rateLimit({ limit: 2 })
    limiter.configure([limit])
    expect([admit([limit]), admit([limit])].map(({ admitted }) => admitted)).toEqual([true, true])
    limiter.configure([])
    limiter.configure([{ ...limit }])
    expect(admit([{ ...limit }]).admitted).toBe(false)
  })

  it('goes by what is configured, also for a request that still holds the last table', () => {
    const { admit, limiter } = bench(manualClock())
    const [last, next] = [rateLimit({ limit: 5 }), rateLimit({ limit: 1 })]
    limiter.configure([last])
    limiter.configure([next])
    expect([admit([last]), admit([last])]).toEqual([
      expect.objectContaining({ admitted: true, headers: expect.arrayContaining(['"orders";q=1;w=10']) }),
      expect.objectContaining({ admitted: false, violated: ['orders'] }),
    ])
  })

  it('bounds the keys of a flood, tells of it, and counts those it knows on', async () => {
    const clock = manualClock()
    const { admit, metrics } = bench(clock, { limitMaxKeys: 50 })
    const limit = rateLimit({ limit: 2, key: { by: 'clientIp' } })
    const flood = Array.from({ length: 1_000 }, (_, i) => admit([limit], subject({ ip: `10.0.0.${i}` })).admitted)
    expect(flood.filter(Boolean)).toHaveLength(50)
    expect([1, 2].map(() => admit([limit], subject({ ip: '10.0.0.7' })).admitted)).toEqual([true, false])
    const text = await metrics.text()
    expect(text).toContain('soa_gateway_ratelimit_overflows_total{policy="orders"} 950')
    expect(text).toContain('soa_gateway_ratelimit_keys{policy="orders"} 50')
    clock.advance(10_000)
    expect(admit([limit], subject({ ip: 'new' })).admitted).toBe(true)
  })

  it('forgets the series of limits that are gone', async () => {
    const { admit, limiter, metrics } = bench(manualClock())
    const limits = ['one', 'two'].map((name) => rateLimit({ name }))
    limiter.configure(limits)
    admit(limits)
    expect((await metrics.text()).match(/policy="\w+",decision/g)).toEqual([
      'policy="one",decision',
      'policy="two",decision',
    ])
    limiter.configure(limits.slice(1))
    expect((await metrics.text()).match(/policy="\w+",decision/g)).toEqual(['policy="two",decision'])
  })
})
