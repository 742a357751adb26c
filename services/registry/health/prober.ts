import type { Metrics } from '#lib/metrics.ts'
import type { Endpoint, HealthCheck, RegistryEntry } from '#lib/model/registry.ts'
import { jittered } from '#lib/retry.ts'
import type { Part } from '#lib/run.ts'
import type { Difference } from '../directory/view.ts'
import { probe } from './probe.ts'
import { nextHealth, type ProbeState, UNPROBED } from './state.ts'

/** Probes every endpoint that has a check, some at once, each at its own jittered pace. */
export interface Prober extends Part {
  /** Begins, goes on or ends probing; an endpoint whose URL stays keeps what is known of it. */
  readonly sync: (change: Difference) => void
  readonly stateOf: (key: string, instance: string) => ProbeState
  /** Why the last probe failed, while the last one did. */
  readonly reasonOf: (key: string, instance: string) => string | undefined
}

export interface ProberOptions {
  readonly maxProbes: number
  readonly onChange: (key: string) => void
  readonly metrics: Metrics
  readonly random: () => number
}

interface Target {
  readonly key: string
  readonly url: string
  readonly check: HealthCheck
  state: ProbeState
  reason: string | undefined
  timer?: NodeJS.Timeout
  isGone: boolean
}

const JITTER = 0.1
/** Until the first verdict probes come at this pace, so that a long interval does not mean long ignorance. */
const UNDECIDED_MS = 1_000

export function createProber({ maxProbes, onChange, metrics, random }: ProberOptions): Prober {
  const targets = new Map<string, Map<string, Target>>()
  const ending = new AbortController()
  const probes = metrics.counter('soa_registry_probes_total', 'Health probes made', ['outcome'])
  let due: Target[] = []
  let inFlight = 0

  function pump(): void {
    while (inFlight < maxProbes && due.length > 0) {
      const batch = due.splice(0, maxProbes - inFlight)
      for (const target of batch) if (!target.isGone) void run(target)
    }
  }

  async function run(target: Target): Promise<void> {
    inFlight += 1
    const { outcome, reason } = await probe(target.url, target.check, ending.signal)
    inFlight -= 1
    if (ending.signal.aborted) return
    if (!target.isGone) settle(target, outcome, reason)
    pump()
  }

  function settle(target: Target, outcome: 'pass' | 'fail', reason: string | undefined): void {
    probes.inc({ outcome })
    const before = target.state.health
    target.state = nextHealth(target.state, outcome, target.check)
    target.reason = reason
    if (target.state.health !== before) onChange(target.key)
    const { intervalMs } = target.check
    const pace = target.state.health === 'unknown' ? Math.min(intervalMs, UNDECIDED_MS) : intervalMs
    target.timer = setTimeout(enqueue, jittered(pace, JITTER, random), target)
  }

  function enqueue(target: Target): void {
    due.push(target)
    pump()
  }

  function forget(target: Target | undefined): void {
    if (target === undefined) return
    target.isGone = true
    clearTimeout(target.timer)
  }

  function syncEntry(key: string, entry: RegistryEntry): void {
    const last = targets.get(key)
    const next = new Map<string, Target>()
    for (const endpoint of entry.endpoints) {
      const { health: check } = entry
      if (check === undefined || endpoint.ready === false) continue
      next.set(endpoint.instance, targetOf(key, endpoint, check, last?.get(endpoint.instance)))
    }
    for (const [instance, target] of last ?? []) if (next.get(instance) !== target) forget(target)
    if (next.size > 0) targets.set(key, next)
    else targets.delete(key)
  }

  function targetOf(key: string, { url }: Endpoint, check: HealthCheck, last: Target | undefined): Target {
    const isSameCheck = last !== undefined && JSON.stringify(last.check) === JSON.stringify(check)
    if (last?.url === url && isSameCheck) return last
    const state = last?.url === url ? last.state : UNPROBED
    const target: Target = { key, url, check, state, reason: undefined, isGone: false }
    due.push(target)
    return target
  }

  return {
    name: 'prober',
    start() {},
    stop() {
      ending.abort()
      for (const each of targets.values()) for (const target of each.values()) forget(target)
      targets.clear()
      due = []
    },
    sync({ put, drop }) {
      for (const key of drop) {
        for (const target of targets.get(key)?.values() ?? []) forget(target)
        targets.delete(key)
      }
      for (const [key, entry] of put) syncEntry(key, entry)
      pump()
    },
    stateOf: (key, instance) => targets.get(key)?.get(instance)?.state ?? UNPROBED,
    reasonOf: (key, instance) => targets.get(key)?.get(instance)?.reason,
  }
}
