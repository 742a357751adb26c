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

/** A slice's ready replicas: the publication each serves, and what one said when it refused the present version. Where none is ready, what one of the others said. */
interface Fleet {
  readonly slice: SliceName
  readonly sequences: readonly number[]
  readonly refusals: readonly (string | undefined)[]
  readonly refusedByUnready: string | undefined
}

/**
 * Pure: every ready replica counts, lost ones included; a replica serves an item if it acknowledged a version since the
 * item's last change. The replicas are looked at once, since every object is asked about after every change.
 */
export function progressIn(
  published: { readonly [N in SliceName]: Published<N> },
  replicas: Iterable<Replica>,
): (items: readonly ItemAt[]) => Progress {
  const every = [...replicas]
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
    for (const { slice, sequences, refusals, refusedByUnready } of fleets) {
      const since = sinceOf(items, slice, published[slice].since)
      if (since === undefined) continue
      if (sequences.length === 0) {
        without.push(slice)
        refusal = refusedByUnready ?? refusal
      }
      total += sequences.length
      for (const [i, sequence] of sequences.entries()) {
        if (sequence >= since) acked += 1
        else refusal = refusals[i] ?? refusal
      }
    }
    return { acked, total, without, ...(refusal !== undefined && { refusal }) }
  }
}

function fleetOf(slice: SliceName, { version, sequences }: Published, replicas: readonly Replica[]): Fleet {
  const refusalOf = ({ refused }: Replica) => (refused?.version === version ? refused.error : undefined)
  const ready = replicas.filter((each) => each.ready)
  return {
    slice,
    sequences: ready.map(({ acked }) => (acked === undefined ? -1 : (sequences.get(acked) ?? -1))),
    refusals: ready.map(refusalOf),
    // One that has refused its first copy is not ready, and nobody else knows why.
    refusedByUnready: replicas.map(refusalOf).find((each) => each !== undefined),
  }
}

/** The publication that brought the last of the items to this slice; undefined when none of them is in it. */
function sinceOf(items: readonly ItemAt[], slice: SliceName, since: ReadonlyMap<string, number>): number | undefined {
  let last: number | undefined
  for (const item of items) {
    if (item.slice === slice) last = Math.max(last ?? 0, since.get(item.key) ?? Number.POSITIVE_INFINITY)
  }
  return last
}
