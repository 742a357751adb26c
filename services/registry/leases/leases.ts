import type { Clock } from '#lib/clock.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import type { Part } from '#lib/run.ts'
import type { Difference } from '../directory/view.ts'
import { dueAt, extended, judge, type Lease, type LeaseRules, outageMs } from './judge.ts'

/**
 * Keeps the leases of every instance that has a ttl; soft state, gone with the process.
 *
 *   granted ──ttl without renewal──► withdrawn ──reapAfter──► reaped (deleted through the controller)
 *      ▲  │                             │
 *      │  └─ too many at once: held     │
 *      └───────── renewal ──────────────┘
 */
export interface Leases extends Part {
  readonly sync: (change: Difference) => void
  /** Renews as of `ageMs` ago; false when there is no such lease. */
  readonly renew: (key: string, instance: string, ageMs?: number) => boolean
  readonly isWithdrawn: (key: string, instance: string) => boolean
}

export interface LeasesOptions {
  readonly rules: LeaseRules
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly onChange: (key: string) => void
  /** Renewals of other replicas cannot reach this one. */
  readonly isDeaf: () => boolean
  /** Asked to delete an instance, again and again until the model no longer has it. */
  readonly reap: (key: string, instance: string) => void
}

const PERIOD_MS = 250
const LAG_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600] as const

export function createLeases({ rules, clock, log, metrics, onChange, isDeaf, reap }: LeasesOptions): Leases {
  const fleets = new Map<string, Map<string, Lease>>()
  const held = new Map<string, number>()
  const heldGauge = metrics.gauge('soa_registry_evictions_held', 'Overdue instances kept by the guard', ['service'])
  const lag = metrics.histogram('soa_registry_lease_expiry_lag_seconds', 'From expiry to withdrawal', LAG_BUCKETS)
  let timer: NodeJS.Timeout | undefined
  let lookedAt = 0

  function look(): void {
    const now = clock.monotonic()
    const outage = outageMs({ sinceLastMs: now - lookedAt, periodMs: PERIOD_MS, deaf: isDeaf() })
    lookedAt = now
    for (const [key, fleet] of fleets) {
      if (outage > 0) for (const [instance, lease] of fleet) fleet.set(instance, extended(lease, outage))
      else settle(key, fleet, now)
    }
    if (outage > 5 * PERIOD_MS)
      log.warn({ outageMs: Math.round(outage) }, 'Renewals could not be heard, leases extended')
  }

  function settle(key: string, fleet: Map<string, Lease>, now: number): void {
    const judged = judge(fleet, now, rules)
    for (const instance of judged.withdraw) {
      const lease = fleet.get(instance) as Lease
      fleet.set(instance, { ...lease, withdrawnAt: now })
      lag.observe((now - dueAt(lease)) / 1_000)
      log.info({ key, instance, ttlMs: lease.ttlMs }, 'Lease expired, instance withdrawn')
    }
    if (judged.withdraw.length > 0) onChange(key)
    for (const instance of judged.reap) reap(key, instance)
    tellHeld(key, judged.held.length, fleet.size)
  }

  function tellHeld(key: string, count: number, fleet: number): void {
    if ((held.get(key) ?? 0) === count) return
    if (count === 0) {
      held.delete(key)
      heldGauge.remove({ service: key })
      log.info({ key }, 'Evictions no longer held')
      return
    }
    if (!held.has(key)) log.warn({ key, held: count, fleet }, 'Too many leases ran out at once, evictions held')
    held.set(key, count)
    heldGauge.set({ service: key }, count)
  }

  function syncEntry(key: string, entry: RegistryEntry): void {
    const last = fleets.get(key)
    const fleet = new Map<string, Lease>()
    for (const { instance, ttlMs } of entry.endpoints) {
      if (ttlMs === undefined) continue
      const lease = last?.get(instance)
      fleet.set(instance, lease?.ttlMs === ttlMs ? lease : { ttlMs, renewedAt: clock.monotonic() })
    }
    if (fleet.size > 0) fleets.set(key, fleet)
    else forget(key)
  }

  function forget(key: string): void {
    fleets.delete(key)
    tellHeld(key, 0, 0)
  }

  return {
    name: 'leases',
    start() {
      lookedAt = clock.monotonic()
      timer = setInterval(look, PERIOD_MS)
    },
    stop() {
      clearInterval(timer)
    },
    sync({ put, drop }) {
      drop.forEach(forget)
      for (const [key, entry] of put) syncEntry(key, entry)
    },
    renew(key, instance, ageMs = 0) {
      const fleet = fleets.get(key)
      const lease = fleet?.get(instance)
      if (fleet === undefined || lease === undefined) return false
      const renewedAt = Math.max(lease.renewedAt, clock.monotonic() - ageMs)
      const isAlive = renewedAt + lease.ttlMs > clock.monotonic()
      if (lease.withdrawnAt !== undefined && !isAlive) return true
      fleet.set(instance, { ttlMs: lease.ttlMs, renewedAt })
      if (lease.withdrawnAt !== undefined) onChange(key)
      return true
    },
    isWithdrawn: (key, instance) => fleets.get(key)?.get(instance)?.withdrawnAt !== undefined,
  }
}
