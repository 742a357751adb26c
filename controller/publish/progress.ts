import type { SliceName } from '#lib/model/slice.ts'
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

/** Pure: every ready replica counts, lost ones included; a replica serves an item if it acknowledged a version since the item's last change. */
export function progressOf(
  items: readonly ItemAt[],
  published: { readonly [N in SliceName]: Published<N> },
  replicas: Iterable<Replica>,
): Progress {
  const needed = new Map<SliceName, number>()
  for (const { slice, key } of items) {
    const since = published[slice].since.get(key) ?? Number.POSITIVE_INFINITY
    needed.set(slice, Math.max(needed.get(slice) ?? 0, since))
  }
  const serving = new Set<SliceName>()
  let acked = 0
  let total = 0
  let refusal: string | undefined
  for (const { slice, ready, acked: version, refused } of replicas) {
    const since = needed.get(slice)
    if (since === undefined || !ready) continue
    serving.add(slice)
    total += 1
    const at = version === undefined ? undefined : published[slice].sequences.get(version)
    if (at !== undefined && at >= since) acked += 1
    else if (refused?.version === published[slice].version) refusal = refused.error
  }
  const without = [...needed.keys()].filter((slice) => !serving.has(slice))
  return { acked, total, without, ...(refusal !== undefined && { refusal }) }
}
