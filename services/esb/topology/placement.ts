import { reasonOf } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import { type MessageRouteEntry, routeKey } from '#lib/model/esb.ts'
import { type Binding, bindingsLost, isBinding, ownBindings, routeTopology, sourceTopology } from './declarations.ts'
import type { Declarer } from './declarer.ts'
import type { Placed, TopologyMemory } from './memory.ts'
import { deadLetterQueue, seenStream } from './names.ts'

/**
 * Brings the broker to what the routes need:
 *
 *   recall what was placed ──► record it and what is to come ──► declare ──► unbind what is lost ──► remove queues of routes
 *   that are gone, once they are empty ──► record what is left
 *
 * Whatever ends it in between, the next to do it knows at least what is there.
 */
export interface Placement {
  /** Declares what is new of these, all of them with `again`; gives the routes for which that failed, with the reason. */
  readonly place: (
    entries: readonly MessageRouteEntry[],
    options?: { readonly again?: boolean },
  ) => Promise<ReadonlyMap<string, string>>
}

export interface PlacementOptions {
  readonly declarer: Declarer
  readonly memory: TopologyMemory
  readonly log: Log
}

export function createPlacement({ declarer, memory, log }: PlacementOptions): Placement {
  const declared = new WeakSet<MessageRouteEntry>()
  let former: Placed | undefined

  async function place(
    entries: readonly MessageRouteEntry[],
    { again = false } = {},
  ): Promise<ReadonlyMap<string, string>> {
    await declarer.base()
    former ??= await memory.recall()
    const now = placedBy(entries)
    await memory.record(together(former, now))
    const faults = await declareAll(entries, again)
    await declarer.unbind(bindingsLost(former.bindings, now.bindings))
    const kept: Record<string, readonly string[]> = {}
    for (const [route, queues] of Object.entries(former.queues)) {
      if (now.queues[route] !== undefined) continue
      const left = await removed(route, queues)
      if (left.length > 0) kept[route] = left
    }
    former = { queues: { ...kept, ...now.queues }, bindings: now.bindings }
    await memory.record(former, { again })
    return faults
  }

  /** One that fails affects itself alone. */
  async function declareAll(
    entries: readonly MessageRouteEntry[],
    again: boolean,
  ): Promise<ReadonlyMap<string, string>> {
    const faults = new Map<string, string>()
    for (const entry of entries) {
      if (declared.has(entry) && !again) continue
      try {
        await declarer.route(entry)
        declared.add(entry)
      } catch (error) {
        faults.set(routeKey(entry), reasonOf(error))
      }
    }
    return faults
  }

  /** Removes the queues of a route that is gone; those that had to be left, since there are messages in them. */
  async function removed(route: string, queues: readonly string[]): Promise<readonly string[]> {
    const left: string[] = []
    for (const queue of queues) {
      const found = await declarer.depth(queue)
      const isMemory = queue === seenStream(route)
      const isInUse = found !== undefined && !isMemory && found.messages + found.consumers > 0
      // From here on nothing can fill it: what still waits for the route goes to the unroutable when its time comes.
      if (!isInUse && queue !== deadLetterQueue(route))
        await declarer.unbind(ownBindings(route).filter(({ to }) => 'queue' in to && to.queue === queue))
      if (!isInUse && (await declarer.remove(queue))) continue
      left.push(queue)
      log.info({ route, queue, messages: found?.messages }, 'Queue of a route that is gone is kept: it is not empty')
    }
    return left
  }

  return { place }
}

function placedBy(entries: readonly MessageRouteEntry[]): Placed {
  const queuesOf = (entry: MessageRouteEntry) =>
    // Names do not depend on the version.
    routeTopology(entry, '3.10.0').flatMap((each) => (each.kind === 'queue' ? [each.name] : []))
  return {
    queues: Object.fromEntries(entries.map((entry) => [routeKey(entry), queuesOf(entry)])),
    bindings: unique(entries.flatMap(sourceTopology).filter(isBinding)),
  }
}

function together(a: Placed, b: Placed): Placed {
  return { queues: { ...a.queues, ...b.queues }, bindings: unique([...a.bindings, ...b.bindings]) }
}

function unique(bindings: readonly Binding[]): readonly Binding[] {
  return [...new Map(bindings.map((each) => [JSON.stringify(each), each])).values()]
}
