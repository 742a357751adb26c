import type { View } from './view.ts'

/**
 * Holds decisions on counters that have just become this replica's, until every replica that may hold their logs has
 * handed them over: deciding before that would be deciding on an empty log.
 *
 *   settled ──new view──► waiting for each earlier member ──all have handed over, or the time is up──► settled
 */
export interface Barrier {
  readonly enter: (last: View, next: View) => void
  /** A replica has handed over all it had to, under the view of that name. */
  readonly handedOver: (replica: string, view: string) => void
  /** A replica that cannot hand over any more. */
  readonly gone: (replica: string) => void
  /** What to wait for before deciding on the counter at that place; undefined when nothing. */
  readonly pending: (place: number) => Promise<void> | undefined
  readonly isOpen: () => boolean
  readonly stop: () => void
}

export function createBarrier(replica: string, waitMs: number): Barrier {
  const doneBy = new Map<string, string>()
  const awaited = new Set<string>()
  let current: View | undefined
  // The settled view and those that were overtaken while waiting: each may have left logs anywhere in it.
  let earlier: View[] = []
  let gate: PromiseWithResolvers<void> | undefined
  let timer: NodeJS.Timeout | undefined

  function enter(last: View, next: View): void {
    current = next
    // Should that view come back, it has to be handed over again.
    for (const [id, view] of doneBy) if (view === last.name) doneBy.delete(id)
    earlier = gate === undefined ? [last] : [...earlier, last]
    clearTimeout(timer)
    awaited.clear()
    for (const id of witnesses(next)) if (doneBy.get(id) !== next.name) awaited.add(id)
    gate ??= Promise.withResolvers()
    if (awaited.size === 0) open()
    else timer = setTimeout(open, waitMs)
  }

  // Who has just joined has not seen any view before: there, all others are witnesses.
  function witnesses(next: View): readonly string[] {
    if (!next.ids.includes(replica)) return []
    const isNew = earlier[0]?.ids.includes(replica) !== true
    return next.ids.filter((id) => id !== replica && (isNew || earlier.some((view) => view.ids.includes(id))))
  }

  function open(): void {
    clearTimeout(timer)
    awaited.clear()
    gate?.resolve()
    gate = undefined
  }

  function finish(id: string): void {
    if (awaited.delete(id) && awaited.size === 0) open()
  }

  return {
    enter,
    handedOver(id, view) {
      doneBy.set(id, view)
      if (view === current?.name) finish(id)
    },
    gone(id) {
      doneBy.delete(id)
      finish(id)
    },
    pending(place) {
      if (gate === undefined || current?.ownerOf(place) !== replica) return undefined
      return earlier.every((view) => view.ownerOf(place) === replica) ? undefined : gate.promise
    },
    isOpen: () => gate === undefined,
    stop: open,
  }
}
