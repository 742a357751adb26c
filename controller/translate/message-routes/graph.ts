import type { Destination, MessageRouteEntry } from '#lib/model/esb.ts'
import { topicMatches } from './topic.ts'

/** Routes at work, and who sends messages to whom: by name, or over an exchange. Keys made by expressions are left out: nobody knows them. */
export interface Graph {
  readonly add: (entry: MessageRouteEntry) => void
  readonly remove: (entry: MessageRouteEntry) => void
  /** Who gets messages of this entry, among those added. */
  readonly targetsOf: (entry: MessageRouteEntry) => ReadonlySet<MessageRouteEntry>
  /** The way round that this entry would close, if it ran with the others. */
  readonly cycleBy: (entry: MessageRouteEntry) => Cycle | undefined
}

export interface Cycle {
  /** The field of the entry's spec that the way round begins with. */
  readonly field: string
  /** Routes on the way, the entry's first and last. */
  readonly routes: readonly string[]
}

export function keyOfRoute({ namespace, object }: Pick<MessageRouteEntry, 'namespace' | 'object'>): string {
  return `${namespace}/${object}`
}

export function createGraph(): Graph {
  const named = new Map<string, Set<MessageRouteEntry>>()
  /** By exchange and key, and those for which the key must be looked at, or need not be, by exchange. */
  const direct = new Map<string, Set<MessageRouteEntry>>()
  const others = new Map<string, Set<MessageRouteEntry>>()

  function shelvesOf(entry: MessageRouteEntry): readonly (readonly [typeof named, string])[] {
    const { source } = entry
    const own = [named, keyOfRoute(entry)] as const
    if (source === undefined) return [own]
    if (source.type !== 'direct') return [own, [others, source.exchange]]
    return [own, ...source.keys.map((key) => [direct, at(source.exchange, key)] as const)]
  }

  function* reachedBy(to: Destination): Generator<MessageRouteEntry> {
    if (to.kind === 'route') yield* named.get(to.route) ?? []
    else if (to.kind === 'exchange') {
      if (!isDynamic(to.key)) yield* direct.get(at(to.exchange, to.key)) ?? []
      for (const each of others.get(to.exchange) ?? []) if (takes(each, to)) yield each
    }
  }

  function cycleBy(entry: MessageRouteEntry): Cycle | undefined {
    const start = keyOfRoute(entry)
    for (const { field, to } of waysOut(entry)) {
      if (takes(entry, to)) return { field, routes: [start, start] }
      const back = wayTo(entry, reachedBy(to))
      if (back !== undefined) return { field, routes: [start, ...back, start] }
    }
    return undefined
  }

  // Breadth first: the shortest way is the one that is understood.
  function wayTo(goal: MessageRouteEntry, from: Iterable<MessageRouteEntry>): readonly string[] | undefined {
    const cameFrom = new Map<MessageRouteEntry, MessageRouteEntry | undefined>()
    for (const each of from) cameFrom.set(each, undefined)
    for (const each of cameFrom.keys()) {
      for (const { to } of waysOut(each)) {
        if (takes(goal, to)) return wayBack(each, cameFrom)
        for (const next of reachedBy(to)) if (!cameFrom.has(next)) cameFrom.set(next, each)
      }
    }
    return undefined
  }

  return {
    add(entry) {
      for (const [shelf, key] of shelvesOf(entry)) shelf.set(key, (shelf.get(key) ?? new Set()).add(entry))
    },
    remove(entry) {
      for (const [shelf, key] of shelvesOf(entry)) shelf.get(key)?.delete(entry)
    },
    targetsOf: (entry) => new Set([...waysOut(entry)].flatMap(({ to }) => [...reachedBy(to)])),
    cycleBy,
  }
}

/** Every way out of a route, and the field of its spec that it stands in. */
export function* waysOut({
  steps,
  to,
}: Pick<MessageRouteEntry, 'steps' | 'to'>): Generator<{ readonly field: string; readonly to: Destination }> {
  for (const [i, step] of steps.entries()) {
    if (step.kind === 'wireTap') yield { field: `spec.steps[${i}].wireTap.to`, to: step.to }
    if (step.kind !== 'route') continue
    for (const [j, each] of step.cases.entries()) yield* numbered(`spec.steps[${i}].route.cases[${j}].to`, each.to)
  }
  yield* numbered('spec.to', to)
}

function wayBack(
  end: MessageRouteEntry,
  cameFrom: ReadonlyMap<MessageRouteEntry, MessageRouteEntry | undefined>,
): readonly string[] {
  const way: string[] = []
  for (let each: MessageRouteEntry | undefined = end; each !== undefined; each = cameFrom.get(each))
    way.push(keyOfRoute(each))
  return way.reverse()
}

function* numbered(field: string, list: readonly Destination[]) {
  for (const [i, to] of list.entries()) yield { field: `${field}[${i}]`, to }
}

/** Whether what is sent there is for this route. */
function takes(entry: MessageRouteEntry, to: Destination): boolean {
  if (to.kind === 'route') return to.route === keyOfRoute(entry)
  const { source } = entry
  if (to.kind !== 'exchange' || source?.exchange !== to.exchange) return false
  if (source.type === 'fanout') return true
  if (isDynamic(to.key)) return false
  return source.keys.some((key) => (source.type === 'topic' ? topicMatches(key, to.key) : key === to.key))
}

function isDynamic(key: string): boolean {
  return key.includes('{%')
}

function at(exchange: string, key: string): string {
  return JSON.stringify([exchange, key])
}
