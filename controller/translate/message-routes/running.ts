import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { differing } from '../derived.ts'
import { byAge } from '../outcome.ts'
import type { CompiledMessageRoute } from './compile.ts'
import type { Refusal } from './faults.ts'
import { createGraph, type Graph, waysOut } from './graph.ts'

/** Which routes run together, and why the others do not. */
export interface Running {
  /** By `namespace/object`; what is refused is there as it last was, as long as that holds. */
  readonly entries: ReadonlyMap<string, MessageRouteEntry>
  readonly refusals: ReadonlyMap<string, Refusal>
  /** The last entry of each object that ran as its spec said. */
  readonly good: ReadonlyMap<string, MessageRouteEntry>
}

export const NOTHING_RUNS: Running = { entries: new Map(), refusals: new Map(), good: new Map() }

/** A route with what may run of it, the best first: its spec as it is, else as it last was good. */
interface Candidate {
  readonly key: string
  readonly current: MessageRouteEntry | undefined
  readonly fallback: MessageRouteEntry | undefined
  /** What last ran of the same object as its spec said. */
  readonly good: MessageRouteEntry | undefined
}

/**
 * Pure, over all routes at once, since loops and dead ends are between them:
 *
 *   oldest first, each that closes no way round with those before it
 *     └► those that send to a route that does not run give way to what they last were, or go, until none is left
 *          └► what was refused and does no harm beside those that remain may run after all
 */
export function runningAmong(compiled: ReadonlyMap<string, CompiledMessageRoute>, last: Running): Running {
  const candidates = candidatesAmong(compiled, last.good)
  const graph = createGraph()
  const entries = new Map<string, MessageRouteEntry>()
  const loops = new Map<string, Refusal>()

  function put(key: string, entry: MessageRouteEntry | undefined): void {
    const before = entries.get(key)
    if (before !== undefined) graph.remove(before)
    entries.delete(key)
    if (entry === undefined) return
    graph.add(entry)
    entries.set(key, entry)
  }
  // A route is not in its own way.
  function mayRun(key: string, entry: MessageRouteEntry | undefined): boolean {
    const before = entries.get(key)
    put(key, undefined)
    const may = entry !== undefined && !graph.cycleBy(entry) && !deadEndOf(entry, graph, compiled)
    put(key, before)
    return may
  }

  for (const { key, current, fallback } of candidates) {
    const refusal = current && loopOf(current, graph)
    if (refusal !== undefined) loops.set(key, refusal)
    put(key, refusal === undefined && current !== undefined ? current : fallback && closesNone(fallback, graph))
  }
  repeat(candidates, ({ key, fallback }) => {
    const entry = entries.get(key)
    if (entry === undefined || deadEndOf(entry, graph, compiled) === undefined) return false
    put(key, entry !== fallback && mayRun(key, fallback) ? fallback : undefined)
    return true
  })
  repeat(candidates, ({ key, current }) => {
    if (entries.get(key) === current || !mayRun(key, current)) return false
    put(key, current)
    return true
  })

  const refusals = new Map<string, Refusal>()
  const good = new Map<string, MessageRouteEntry>()
  for (const { key, current, good: before } of candidates) {
    const runs = current !== undefined && entries.get(key) === current
    const known = runs ? current : before
    if (known !== undefined) good.set(key, known)
    if (current === undefined || runs) continue
    const refusal = loopOf(current, graph) ?? loops.get(key) ?? deadEndOf(current, graph, compiled)
    if (refusal !== undefined) refusals.set(key, refusal)
  }
  return { entries: kept(entries, last.entries), refusals, good: kept(good, last.good) }
}

function candidatesAmong(
  compiled: ReadonlyMap<string, CompiledMessageRoute>,
  good: ReadonlyMap<string, MessageRouteEntry>,
): readonly Candidate[] {
  return [...compiled]
    .sort(([, a], [, b]) => byAge(a.object, b.object))
    .map(([key, { object, entry }]) => {
      const { uid, generation } = object.metadata
      const known = good.get(key)
      const before = known?.uid === uid ? known : undefined
      // Of the same spec there is nothing older to go back to: what has changed is the world around it.
      return { key, current: entry, fallback: before?.generation === generation ? undefined : before, good: before }
    })
}

/** Until it changes nothing more. */
function repeat(candidates: readonly Candidate[], change: (candidate: Candidate) => boolean): void {
  while (candidates.filter(change).length > 0);
}

function closesNone(entry: MessageRouteEntry, graph: Graph): MessageRouteEntry | undefined {
  return graph.cycleBy(entry) === undefined ? entry : undefined
}

function loopOf(entry: MessageRouteEntry, graph: Graph): Refusal | undefined {
  const cycle = graph.cycleBy(entry)
  if (cycle === undefined) return undefined
  const message = `${cycle.field}: messages would go round: ${cycle.routes.join(' → ')}`
  return { reason: 'RouteLoop', message }
}

function deadEndOf(
  entry: MessageRouteEntry,
  graph: Graph,
  compiled: ReadonlyMap<string, CompiledMessageRoute>,
): Refusal | undefined {
  for (const { field, to } of waysOut(entry)) {
    if (to.kind !== 'route' || graph.has(to.route)) continue
    const what = compiled.has(to.route)
      ? `MessageRoute ${to.route} is refused itself`
      : `there is no MessageRoute ${to.route}`
    return { reason: 'DeadEnd', message: `${field}.route.name: ${what}` }
  }
  return undefined
}

function kept<T>(next: ReadonlyMap<string, T>, last: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return differing(next, last).changed.size === 0 ? last : next
}
