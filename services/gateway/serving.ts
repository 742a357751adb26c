import type { Discovery } from '#lib/discovery-client.ts'
import type { GatewayEntry, RateLimit } from '#lib/model/gateway.ts'
import type { Slice } from '#lib/model/slice.ts'
import type { Limiter } from './limits/contract.ts'
import { normalisePath } from './match/path.ts'
import type { Rule } from './match/rule.ts'
import { type RouteTable, routeTable } from './match/table.ts'
import { inOrder, type Stage } from './pipeline.ts'
import { rateLimits } from './stages/rate-limits.ts'
import type { Origins } from './upstream/origins.ts'
import { createTarget, type Target } from './upstream/target.ts'

/** What a matched rule is served by. */
export interface Serve {
  readonly target: Target
  readonly stages: readonly Stage[]
}

/**
 * The table the gateway serves from: routes and policies from the feed, endpoints from discovery, swapped whole.
 *
 *   feed ──entries──► compile ─┐
 *                              ├─► live rules ─► table      an entry is live once discovery shows its service: a new
 *   discovery ──endpoints──► targets                        route answers 404 until it can answer 200, never 503 between
 */
export interface Serving {
  readonly table: () => RouteTable<Serve>
  /** Takes over a whole model; resolves once endpoints, too, are those that the model was compiled with. */
  readonly apply: (slice: Slice<'gateway'>) => Promise<void>
  /** Whether a first model has come. */
  readonly isFilled: () => boolean
  readonly close: () => void
}

export interface ServingOptions {
  readonly discovery: Discovery
  readonly origins: Origins
  readonly limiter: Limiter
  /** Told of services that are no more. */
  readonly onGone: (key: string) => void
}

interface Waiter {
  readonly missing: Set<string>
  readonly resolve: () => void
}

export function createServing({ discovery, origins, limiter, onGone }: ServingOptions): Serving {
  const targets = new Map<string, Target>()
  // Entries keep their identity while they are the same: only what changed is compiled anew.
  const compiled = new WeakMap<GatewayEntry, readonly Rule<Serve>[]>()
  const waiters = new Set<Waiter>()
  let entries: Slice<'gateway'> = new Map()
  let isFilled = false
  let live = new Set<string>()
  let table = routeTable<Serve>([])

  function rebuild(): void {
    const rules: Rule<Serve>[] = []
    const next = new Set<string>()
    for (const [key, entry] of entries) {
      if (discovery.of(key) === undefined) continue
      next.add(key)
      for (const rule of rulesOf(key, entry)) rules.push(rule)
    }
    table = routeTable(rules)
    live = next
  }

  function rulesOf(key: string, entry: GatewayEntry): readonly Rule<Serve>[] {
    const known = compiled.get(entry)
    if (known !== undefined && known[0]?.serve.target === targets.get(key)) return known
    const rules = rulesFrom(entry, { target: targetFor(key), stages: stagesOf(entry, limiter) })
    compiled.set(entry, rules)
    return rules
  }

  function targetFor(key: string): Target {
    const known = targets.get(key)
    if (known !== undefined) return known
    const target = createTarget(key, origins)
    target.update(discovery.of(key))
    targets.set(key, target)
    return target
  }

  function forgetTargets(): void {
    for (const [key, target] of targets) {
      if (entries.has(key)) continue
      targets.delete(key)
      target.close()
      onGone(key)
    }
  }

  function isCurrent(key: string): boolean {
    const entry = entries.get(key)
    return entry === undefined || discovery.of(key)?.endpointsRev === entry.endpointsRev
  }

  function settleWaiters(): void {
    for (const waiter of waiters) {
      for (const key of waiter.missing) if (isCurrent(key)) waiter.missing.delete(key)
      if (waiter.missing.size > 0) continue
      waiters.delete(waiter)
      waiter.resolve()
    }
  }

  discovery.onChange((keys) => {
    let isNews = false
    for (const key of keys) {
      targets.get(key)?.update(discovery.of(key))
      if (entries.has(key) && live.has(key) !== (discovery.of(key) !== undefined)) isNews = true
    }
    if (isNews) rebuild()
    settleWaiters()
  })

  return {
    table: () => table,
    isFilled: () => isFilled,
    apply(slice) {
      entries = slice
      isFilled = true
      // Before the table: no request may meet a limit that is not configured yet.
      limiter.configure(limitsOf(slice))
      rebuild()
      forgetTargets()
      settleWaiters()
      const missing = new Set([...slice.keys()].filter((key) => !isCurrent(key)))
      if (missing.size === 0) return Promise.resolve()
      return new Promise((resolve) => waiters.add({ missing, resolve }))
    },
    close() {
      for (const target of targets.values()) target.close()
      targets.clear()
    },
  }
}

function* limitsOf(slice: Slice<'gateway'>): Iterable<RateLimit> {
  for (const { limits } of slice.values()) yield* limits
}

function stagesOf({ limits }: GatewayEntry, limiter: Limiter): readonly Stage[] {
  return inOrder(limits.length > 0 ? [rateLimits(limits, limiter)] : [])
}

// Paths of rules are written by people: folded like those of requests, or they would never meet.
function rulesFrom(entry: GatewayEntry, serve: Serve): readonly Rule<Serve>[] {
  return entry.routes.map((match, index) => {
    const folded = normalisePath(match.path.value)
    const path = folded.ok ? { ...match.path, value: folded.path } : match.path
    return { entry, index, match: { ...match, path }, serve }
  })
}
