import type { Clock } from '#lib/clock.ts'
import type { Barrier } from './barrier.ts'
import { type Ask, type Decide, giveBack } from './decide.ts'
import type { Answer } from './fallback.ts'
import { isShared } from './handover.ts'
import type { PeerClient } from './peer-client.ts'
import type { Standing } from './standing.ts'
import type { View } from './view.ts'
import { toWire } from './wire.ts'

/** How an ask came to this replica, and what to say when it can't be passed on. */
export interface Trip {
  readonly hops: number
  /** The replica that passed it on; undefined for this replica's own requests. */
  readonly from?: string
  readonly unreachable: (asks: readonly Ask[]) => Answers
}

/** One for each ask; undefined where an earlier one had refused already. */
export type Answers = readonly (Answer | undefined)[]

export interface TakeOptions {
  readonly replica: string
  readonly view: () => View
  readonly client: (id: string) => PeerClient | undefined
  readonly barrier: Pick<Barrier, 'pending' | 'isOpen'>
  readonly standing: Pick<Standing, 'isAhead'>
  readonly decide: Decide
  readonly clock: Clock
}

/** Units taken in one go, of counters that one replica holds. */
interface Part {
  readonly holder: string
  readonly indices: readonly number[]
  readonly asks: readonly Ask[]
}

export interface Take {
  /** A unit of each counter wherever it is held, or of none; at once when all are held here. */
  readonly take: (asks: readonly Ask[], trip: Trip) => Answers | Promise<Answers>
  /** Gives a unit back to whoever holds the counter by now. */
  readonly release: (ask: Ask, stamp: number, hops: number) => void
}

/**
 * While replicas learn of a change one by one, an ask may come to one that has just handed the counter over: it is passed
 * on, after the log. Three replicas that are each in another view are the most that can be between a request and its counter.
 */
export const MAX_HOPS = 3

export function createTake({ replica, view, client, barrier, standing, decide, clock }: TakeOptions): Take {
  function holderOf({ counters, key }: Ask, { hops, from }: Trip): string {
    const { ids, ownerOf } = view()
    if (!isShared(counters) || ids.length === 0) return replica
    const owner = (ids.length === 1 ? ids[0] : ownerOf(counters.place(key))) ?? replica
    if (owner === replica) return replica
    // Whoever passes it on from a view that is still to come here means this replica, and has sent the log.
    return hops >= MAX_HOPS || (hops > 0 && from !== undefined && standing.isAhead(from)) ? replica : owner
  }

  function pendingOf({ counters, key }: Ask): Promise<void> | undefined {
    return barrier.isOpen() || !isShared(counters) ? undefined : barrier.pending(counters.place(key))
  }

  function isHere(asks: readonly Ask[], trip: Trip): boolean {
    for (const ask of asks) if (holderOf(ask, trip) !== replica || pendingOf(ask) !== undefined) return false
    return true
  }

  async function takeAcross(asks: readonly Ask[], trip: Trip): Promise<Answers> {
    const answers: (Answer | undefined)[] = asks.map(() => undefined)
    const taken: Part[] = []
    let rest = [...asks.keys()]
    while (rest.length > 0) {
      const part = await nextPart(asks, rest, trip)
      rest = rest.filter((index) => !part.indices.includes(index))
      const said = await takePart(part, trip)
      for (const [i, index] of part.indices.entries()) answers[index] = said[i]
      if (refuses(part.asks, said)) {
        for (const each of taken) undo(each, answers, trip)
        break
      }
      taken.push(part)
    }
    return answers
  }

  // Holders in the order of their ids, the same everywhere: two requests for the last units cannot each take one and
  // be refused the other. Looked up anew for each part: the view may change while the last one was being answered.
  async function nextPart(asks: readonly Ask[], rest: readonly number[], trip: Trip): Promise<Part> {
    for (;;) {
      const pending = rest.map((i) => pendingOf(asks[i] as Ask)).find((each) => each !== undefined)
      if (pending === undefined) break
      await pending
    }
    const holders = rest.map((i) => holderOf(asks[i] as Ask, trip))
    const holder = holders.toSorted()[0] as string
    const indices = rest.filter((_, at) => holders[at] === holder)
    return { holder, indices, asks: indices.map((i) => asks[i] as Ask) }
  }

  async function takePart({ holder, asks }: Part, trip: Trip): Promise<Answers> {
    if (holder === replica) return decide(asks, clock.monotonic())
    const said = await client(holder)?.ask(asks, trip.from === undefined ? 0 : trip.hops + 1)
    return said ?? trip.unreachable(asks)
  }

  function undo({ holder, indices, asks }: Part, answers: (Answer | undefined)[], { hops }: Trip): void {
    for (const [i, index] of indices.entries()) {
      const answer = answers[index]
      if (answer?.stamp === undefined) continue
      const ask = asks[i] as Ask
      if (holder === replica || answer.unasked !== undefined) giveBack(ask, answer.stamp)
      else client(holder)?.tell({ type: 'release', hops, items: [[toWire(ask), answer.stamp]] })
      answers[index] = { ...answer, remaining: answer.remaining + 1, stamp: undefined }
    }
  }

  return {
    take: (asks, trip) => (isHere(asks, trip) ? decide(asks, clock.monotonic()) : takeAcross(asks, trip)),
    release(ask, stamp, hops) {
      if (giveBack(ask, stamp) || hops >= MAX_HOPS) return
      const { counters, key } = ask
      const owner = view().ownerOf(counters.place(key))
      if (owner === undefined || owner === replica) return
      client(owner)?.tell({ type: 'release', hops: hops + 1, items: [[toWire(ask), stamp]] })
    },
  }
}

// An ask that could not be passed on refuses whatever its limit says: that is for the replica to judge whose request it is.
function refuses(asks: readonly Ask[], said: Answers): boolean {
  return asks.some(({ counters }, i) => {
    const answer = said[i]
    return answer !== undefined && !answer.ok && (answer.unasked === 'relay' || counters.limit().mode === 'Enforce')
  })
}
