import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import type { Endpoint, RegistryEntry } from '#lib/model/registry.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { createLeases, type Leases } from './leases.ts'

let leases: Leases
let metrics: Metrics
let now: number
let isDeaf: boolean
let changes: string[]
let reaped: string[]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  now = 1_000
  isDeaf = false
  changes = []
  reaped = []
  metrics = createMetrics({ process: false })
  leases = createLeases({
    rules: { minFleet: 3, maxShare: 0.5, maxHoldMs: 20_000, reapAfterMs: 5_000 },
    clock: { now: () => now, monotonic: () => now },
    log: quietLog(),
    metrics,
    onChange: (key) => changes.push(key),
    isDeaf: () => isDeaf,
    reap: (key, instance) => reaped.push(`${key} ${instance}`),
  })
  leases.start()
})
afterEach(() => {
  leases.stop()
  vi.useRealTimers()
})

function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 250) {
    now += 250
    vi.advanceTimersByTime(250)
  }
}

function sync(...endpoints: readonly Endpoint[]): void {
  const entry: RegistryEntry = {
    ...{ uid: 'u', namespace: 'd', object: 'a', name: 'a', metadata: {}, origin: 'registered' },
    ...{ endpoints, endpointsRev: 'r', createdAt: '' },
  }
  leases.sync({ entries: new Map([['d/a', entry]]), put: [['d/a', entry]], drop: [] })
}

const at = (instance: string, ttlMs = 10_000): Endpoint => ({ instance, url: 'http://a', ttlMs })
const withdrawn = (...instances: readonly string[]) =>
  instances.filter((instance) => leases.isWithdrawn('d/a', instance))
const heldNow = async () => /soa_registry_evictions_held\{service="d\/a"\} (\d+)/.exec(await metrics.text())?.[1]

describe('leases', () => {
  it('withdraw an instance that is not heard of again, and take it back when it is', () => {
    sync(at('a'))
    pass(9_750)
    expect(withdrawn('a')).toEqual([])
    pass(250)
    expect([withdrawn('a'), changes]).toEqual([['a'], ['d/a']])
    expect(leases.renew('d/a', 'a')).toBe(true)
    expect([withdrawn('a'), changes]).toEqual([[], ['d/a', 'd/a']])
    pass(9_750)
    expect(withdrawn('a')).toEqual([])
  })

  it('live on as long as they are renewed', () => {
    sync(at('a'))
    for (let i = 0; i < 10; i++) {
      pass(8_000)
      leases.renew('d/a', 'a')
    }
    expect([withdrawn('a'), changes]).toEqual([[], []])
  })

  it('count from the moment a peer heard of them', () => {
    sync(at('a'))
    pass(8_000)
    expect(leases.renew('d/a', 'a', 5_000)).toBe(true)
    pass(5_000)
    expect(withdrawn('a')).toEqual(['a'])
    leases.renew('d/a', 'a', 30_000)
    expect(withdrawn('a')).toEqual(['a'])
  })

  it('are none where there is no ttl', () => {
    sync({ instance: 'a', url: 'http://a' })
    expect(leases.renew('d/a', 'a')).toBe(false)
    expect(leases.renew('d/none', 'a')).toBe(false)
    pass(60_000)
    expect(withdrawn('a')).toEqual([])
  })

  it('stand as they are when the model comes again, and begin anew with another ttl', () => {
    sync(at('a'))
    pass(6_000)
    sync(at('a'))
    pass(4_000)
    expect(withdrawn('a')).toEqual(['a'])
    sync(at('a', 20_000))
    expect(withdrawn('a')).toEqual([])
  })

  it('are held when too many of a service run out at once, then let go', async () => {
    sync(at('a'), at('b'), at('c'))
    pass(10_000)
    expect([withdrawn('a', 'b', 'c'), await heldNow()]).toEqual([[], '3'])
    pass(20_000)
    expect([withdrawn('a', 'b', 'c'), await heldNow()]).toEqual([['a', 'b', 'c'], undefined])
  })

  it('are no longer held when the fleet is back', async () => {
    sync(at('a'), at('b'), at('c'))
    pass(10_000)
    for (const instance of ['a', 'b', 'c']) leases.renew('d/a', instance)
    pass(250)
    expect([withdrawn('a', 'b', 'c'), await heldNow()]).toEqual([[], undefined])
  })

  it('do not run out while peers cannot be heard', () => {
    sync(at('a'))
    pass(5_000)
    isDeaf = true
    pass(60_000)
    isDeaf = false
    pass(4_750)
    expect(withdrawn('a')).toEqual([])
    pass(250)
    expect(withdrawn('a')).toEqual(['a'])
  })

  it('are extended by the time the process stood still', () => {
    sync(at('a'))
    pass(5_000)
    now += 60_000
    pass(4_500)
    expect(withdrawn('a')).toEqual([])
    pass(1_000)
    expect(withdrawn('a')).toEqual(['a'])
  })

  it('ask for the end of an instance that has been gone for long, until it is gone', () => {
    sync(at('a'), at('b', 60_000))
    pass(14_750)
    expect(reaped).toEqual([])
    pass(500)
    expect(reaped).toEqual(['d/a a', 'd/a a'])
    sync(at('b', 60_000))
    pass(1_000)
    expect(reaped).toHaveLength(2)
  })

  it('measure how late they are seen to run out', async () => {
    sync(at('a'))
    pass(10_000)
    expect(await metrics.text()).toContain('soa_registry_lease_expiry_lag_seconds_count 1')
  })
})
