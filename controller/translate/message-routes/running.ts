import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { differing } from '../derived.ts'
import { byAge } from '../outcome.ts'
import type { CompiledMessageRoute, CompiledMessageRoutes, GoodSpec } from './compile.ts'
import type { Refusal } from './faults.ts'
import { createGraph, waysOut } from './graph.ts'
import { trimmed, turned } from './trim.ts'

/** Which routes run together, and why the others do not. */
export interface Running {
  /** By `namespace/object`; one that is refused runs as it was last good, where that does no harm. */
  readonly entries: ReadonlyMap<string, MessageRouteEntry>
  /** Of those whose spec would do on its own. */
  readonly refusals: ReadonlyMap<string, Refusal>
  /** The last spec of each object that ran. */
  readonly good: ReadonlyMap<string, GoodSpec>
}

export const NOTHING_RUNS: Running = { entries: new Map(), refusals: new Map(), good: new Map() }

interface Candidate extends CompiledMessageRoute {
  readonly key: string
  /** Its spec as it is, where that has run before: nothing older is to stand in for it. */
  readonly proven: GoodSpec | undefined
}

/**
 * Pure, over all routes at once, since loops and dead ends are between them:
 *
 *   oldest first: each that closes no way round with those before it
 *     └► those that send to a route that does not run give way to what they last were, or go, until none is left
 *          └► what was refused, but does no harm beside those that remain, runs after all
 */
export function runningAmong(compiled: CompiledMessageRoutes, last: Running): Running {
  const candidates = candidatesAmong(compiled, last.good)
  const crew = createCrew(compiled, entriesNearCycles(compiled))
  const loops = new Map<string, Refusal>()

  for (const { key, entry, earlier } of candidates) {
    const loop = entry && crew.loopOf(entry)
    if (loop !== undefined) loops.set(key, loop)
    const choice = loop === undefined ? (entry ?? earlier?.entry) : earlier?.entry
    if (choice !== undefined && crew.loopOf(choice) === undefined) crew.put(key, choice)
  }
  untilStill(candidates, ({ key, earlier }) => {
    const entry = crew.entries.get(key)
    if (entry === undefined || crew.deadEndOf(entry) === undefined) return false
    crew.put(key, entry !== earlier?.entry && crew.mayRun(key, earlier?.entry) ? earlier?.entry : undefined)
    return true
  })
  untilStill(candidates, ({ key, entry }) => {
    if (crew.entries.get(key) === entry || !crew.mayRun(key, entry)) return false
    crew.put(key, entry)
    return true
  })

  const stopped = candidates.filter(({ key, entry }) => entry !== undefined && crew.entries.get(key) !== entry)
  const refusals = stopped.flatMap(({ key, entry }): readonly (readonly [string, Refusal])[] => {
    const refusal = entry && (crew.loopOf(entry) ?? loops.get(key) ?? crew.deadEndOf(entry))
    return refusal === undefined ? [] : [[key, refusal]]
  })
  const isSame = differing(crew.entries, last.entries).changed.size === 0
  return {
    entries: isSame ? last.entries : crew.entries,
    refusals: new Map(refusals),
    good: goodAmong(candidates, crew.entries, last.good),
  }
}

function candidatesAmong(compiled: CompiledMessageRoutes, good: Running['good']): readonly Candidate[] {
  const candidates = [...compiled].map(([key, route]): Candidate => {
    const { uid, generation } = route.object.metadata
    const known = good.get(key)
    const proven = known?.uid === uid && known.generation === generation ? known : undefined
    return { ...route, key, proven, earlier: proven === undefined ? route.earlier : undefined }
  })
  return candidates.sort((a, b) => byAge(a.object, b.object))
}

/** Those that run so far. */
interface Crew {
  readonly entries: ReadonlyMap<string, MessageRouteEntry>
  /** Lets an entry run in the place of the route's last one; undefined: nothing. */
  readonly put: (key: string, entry: MessageRouteEntry | undefined) => void
  /** Whether an entry does no harm in the place of the route's last one. */
  readonly mayRun: (key: string, entry: MessageRouteEntry | undefined) => boolean
  /** Why an entry closes a way round. */
  readonly loopOf: (entry: MessageRouteEntry) => Refusal | undefined
  readonly deadEndOf: (entry: MessageRouteEntry) => Refusal | undefined
}

function createCrew(compiled: CompiledMessageRoutes, nearCycles: ReadonlySet<MessageRouteEntry>): Crew {
  const entries = new Map<string, MessageRouteEntry>()
  const graph = createGraph()

  function put(key: string, entry: MessageRouteEntry | undefined): void {
    const before = entries.get(key)
    if (before !== undefined) graph.remove(before)
    entries.delete(key)
    if (entry === undefined) return
    graph.add(entry)
    entries.set(key, entry)
  }

  function mayRun(key: string, entry: MessageRouteEntry | undefined): boolean {
    if (entry === undefined) return false
    const before = entries.get(key)
    put(key, undefined)
    const may = loopOf(entry) === undefined && deadEndOf(entry) === undefined
    put(key, before)
    return may
  }

  function deadEndOf(entry: MessageRouteEntry): Refusal | undefined {
    for (const { field, to } of waysOut(entry)) {
      if (to.kind !== 'route' || entries.has(to.route)) continue
      const what = compiled.has(to.route)
        ? `MessageRoute ${to.route} is refused itself`
        : `there is no MessageRoute ${to.route}`
      return { reason: 'DeadEnd', message: `${field}.route.name: ${what}` }
    }
    return undefined
  }

  function loopOf(entry: MessageRouteEntry): Refusal | undefined {
    const cycle = nearCycles.has(entry) ? graph.cycleBy(entry) : undefined
    if (cycle === undefined) return undefined
    return { reason: 'RouteLoop', message: `${cycle.field}: messages would go round: ${cycle.routes.join(' → ')}` }
  }

  return { entries, put, mayRun, loopOf, deadEndOf }
}

function untilStill(candidates: readonly Candidate[], change: (candidate: Candidate) => boolean): void {
  while (candidates.filter(change).length > 0);
}

/**
 * Entries that may be on a way round, whatever else runs: what leads nowhere, and what nobody leads to, is taken away until
 * nothing more can be. Most worlds have none, and are done with after one look at each entry.
 */
function entriesNearCycles(compiled: CompiledMessageRoutes): ReadonlySet<MessageRouteEntry> {
  const graph = createGraph()
  const all = [...compiled.values()].flatMap(({ entry, earlier }) =>
    [entry, earlier?.entry].filter((each) => each !== undefined),
  )
  for (const each of all) graph.add(each)
  const targets = new Map(all.map((each) => [each, graph.targetsOf(each)]))
  return trimmed(trimmed(new Set(all), targets), turned(targets))
}

function goodAmong(
  candidates: readonly Candidate[],
  entries: ReadonlyMap<string, MessageRouteEntry>,
  last: Running['good'],
): Running['good'] {
  const good = new Map<string, GoodSpec>()
  for (const { key, object, entry, proven, earlier } of candidates) {
    const { uid, generation } = object.metadata
    const runs = entry !== undefined && entries.get(key) === entry
    const next = proven ?? (runs ? { uid, generation, spec: object.spec } : earlier)
    if (next === undefined) continue
    const before = last.get(key)
    good.set(key, before?.uid === uid && before.generation === next.generation ? before : next)
  }
  return good
}
