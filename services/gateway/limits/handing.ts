import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '#lib/clock.ts'
import type { Book } from './book.ts'
import type { Ask } from './decide.ts'
import { isShared, type Misplaced, misplaced, packed } from './handover.ts'
import type { PeerClient } from './peer-client.ts'
import type { Standing } from './standing.ts'
import type { View } from './view.ts'
import type { Frame, FromPeer, WireLog } from './wire.ts'

/**
 * Hands logs to the owners of their counters. Two ways, since a large book takes a while and requests do not wait for it:
 *
 *   view changes, or a peer comes (back) up ──► the whole book, a slice a turn, and a last frame to each member
 *   a request goes to an owner ───────────────► the logs of its counters, right before it
 */
export interface Handing {
  /** Hands over what is misplaced: to all members, or to one of them. */
  readonly handOver: (to?: string) => Promise<void>
  /** The frame that has to precede these asks to that owner, if any of their logs are still here. */
  readonly before: (owner: string, asks: readonly Ask[]) => FromPeer | undefined
  readonly took: (replica: string, view: string) => void
  readonly gone: (replica: string) => void
  /** Resolves once every member has taken all that was handed over, or cannot any more. */
  readonly settled: () => Promise<void>
}

export interface HandingOptions {
  readonly book: Book
  readonly view: () => View
  readonly client: (id: string) => PeerClient | undefined
  readonly standing: Pick<Standing, 'isAhead'>
  readonly clock: Clock
}

export function createHanding({ book, view, client, standing, clock }: HandingOptions): Handing {
  /** Which run speaks last to a member: the newest, since it started when there was most to hand over. */
  const runs = new Map<string, symbol>()
  const awaited = new Set<string>()
  const waiting: (() => void)[] = []

  async function handOver(to?: string): Promise<void> {
    const { ids, name } = view()
    const run = Symbol(name)
    const goal = new Set(ids.filter((id) => (to === undefined || id === to) && client(id)?.isUp()))
    if (to === undefined) awaited.clear()
    for (const id of goal) {
      runs.set(id, run)
      awaited.add(id)
      // Now, though it may be empty: asks may follow that make sense to who knows this replica's view alone.
      client(id)?.tell({ type: 'handover', view: name, logs: [], last: false })
    }
    tellSettled()
    if (goal.size === 0) return
    for (const slice of misplaced(book, (ask) => ownerToTell(ask, goal))) {
      for (const [owner, logs] of Map.groupBy(slice, (each) => each.owner)) send(owner, logs)
      await nextTurn()
      // The next view has its own run, which goes on from here.
      if (view().name !== name) return
    }
    for (const id of goal)
      if (runs.get(id) === run) client(id)?.tell({ type: 'handover', view: name, logs: [], last: true })
  }

  function tellSettled(): void {
    if (awaited.size === 0) for (const done of waiting.splice(0)) done()
  }

  // An owner that is ahead of this replica has handed these very logs over to it, or will; one that is down has to wait.
  function ownerToTell({ counters, key }: Ask, goal: ReadonlySet<string>): string | undefined {
    if (!isShared(counters)) return undefined
    const owner = view().ownerOf(counters.place(key))
    if (owner === undefined || !goal.has(owner)) return undefined
    return !standing.isAhead(owner) && client(owner)?.isUp() ? owner : undefined
  }

  function send(owner: string, logs: readonly Misplaced[]): void {
    const frame = frameOf(logs)
    if (frame.logs.length === 0 || client(owner)?.tell(frame)) drop(logs)
  }

  function frameOf(logs: readonly Misplaced[]): Frame<'handover'> {
    const now = clock.monotonic()
    const packs = logs.flatMap((each): WireLog[] => {
      const pack = packed(each, now)
      return pack ? [pack] : []
    })
    return { type: 'handover', view: view().name, logs: packs, last: false }
  }

  function gone(id: string): void {
    awaited.delete(id)
    runs.delete(id)
    tellSettled()
  }

  return {
    handOver,
    before(owner, asks) {
      const goal = new Set([owner])
      const logs = asks.flatMap((ask): Misplaced[] => {
        const log = ask.counters.find(ask.key)
        if (log === undefined || ownerToTell(ask, goal) !== owner) return []
        // Now: several asks may be for the same counter, and a log that is merged twice counts twice.
        drop([ask])
        return [{ ...ask, log, owner }]
      })
      const frame = frameOf(logs)
      return frame.logs.length > 0 ? frame : undefined
    },
    took(id, name) {
      if (name !== view().name) return
      awaited.delete(id)
      tellSettled()
    },
    gone,
    settled: () => (awaited.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
}

function drop(logs: readonly Ask[]): void {
  for (const { counters, key } of logs) counters.drop(key)
}
