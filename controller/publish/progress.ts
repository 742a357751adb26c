import { SLICES, type SliceName } from '#lib/model/slice.ts'
import type { Replica } from './replicas.ts'
import type { Published } from './versions.ts'

/** How far a set of items has come: replicas that serve them as they are now, of those that should. */
export interface Progress {
  readonly acked: number
  readonly total: number
  /** Slices among the items' that no ready replica serves at all. */
  readonly without: readonly SliceName[]
  /** What a replica said when it refused a version, if one did. */
  readonly refusal?: string
}

export interface ItemAt {
  readonly slice: SliceName
  readonly key: string
}

/** A replica as far as progress goes. */
interface Member {
  /** The publication that it serves, but for the items that it refused. */
  readonly sequence: number
  readonly refusedItems: ReadonlyMap<string, string>
  /** Why it refused the present version, if it did. */
  readonly refusal: string | undefined
}

/** A slice's replicas. What those say that are not ready counts where no other is: nobody else knows why. */
interface Fleet {
  readonly slice: SliceName
  readonly since: ReadonlyMap<string, number>
  readonly ready: readonly Member[]
  readonly unready: readonly Member[]
}

/**
 * Pure: every ready replica counts, lost ones included; a replica serves an item if it acknowledged a version since the
 * item's last change, and did not refuse the item then. The replicas are looked at once, since every object is asked about
 * after every change; in the order of their ids, so that the same one speaks as long as they say the same.
 */
export function progressIn(
  published: { readonly [N in SliceName]: Published<N> },
  replicas: Iterable<Replica>,
): (items: readonly ItemAt[]) => Progress {
  const every = [...replicas].sort((a, b) => (a.id < b.id ? -1 : 1))
  const fleets = SLICES.map((slice) =>
    fleetOf(
      slice,
      published[slice],
      every.filter((each) => each.slice === slice),
    ),
  )
  return (items) => {
    const without: SliceName[] = []
    let acked = 0
    let total = 0
    let refusal: string | undefined
    for (const fleet of fleets) {
      const since = sinceOf(items, fleet)
      if (since === undefined) continue
      if (fleet.ready.length === 0) without.push(fleet.slice)
      total += fleet.ready.length
      for (const member of fleet.ready.length > 0 ? fleet.ready : fleet.unready) {
        const refused = itemRefusal(items, fleet, member)
        if (member.sequence < since || refused !== undefined) refusal ??= refused ?? member.refusal
        else if (fleet.ready.length > 0) acked += 1
      }
    }
    return { acked, total, without, ...(refusal !== undefined && { refusal }) }
  }
}

function fleetOf(slice: SliceName, { version, sequences, since }: Published, replicas: readonly Replica[]): Fleet {
  const memberOf = ({ acked, refusedItems, refused }: Replica): Member => ({
    sequence: acked === undefined ? -1 : (sequences.get(acked) ?? -1),
    refusedItems: new Map(refusedItems),
    refusal: refused?.version === version ? refused.error : undefined,
  })
  return {
    slice,
    since,
    ready: replicas.filter((each) => each.ready).map(memberOf),
    unready: replicas.filter((each) => !each.ready).map(memberOf),
  }
}

/** The publication that brought the last of the items to this slice; undefined when none of them is in it. */
function sinceOf(items: readonly ItemAt[], { slice, since }: Fleet): number | undefined {
  let last: number | undefined
  for (const item of items) {
    if (item.slice === slice) last = Math.max(last ?? 0, since.get(item.key) ?? Number.POSITIVE_INFINITY)
  }
  return last
}

/** What a replica says of the first of the items that it refused as they are now; what it said of them before a change is past. */
function itemRefusal(
  items: readonly ItemAt[],
  { slice, since }: Fleet,
  { sequence, refusedItems }: Member,
): string | undefined {
  if (refusedItems.size === 0) return undefined
  const found = items.find(
    (each) =>
      each.slice === slice &&
      refusedItems.has(each.key) &&
      sequence >= (since.get(each.key) ?? Number.POSITIVE_INFINITY),
  )
  return found && refusedItems.get(found.key)
}
