import { createHash } from 'node:crypto'
import { canonical } from '#lib/hash.ts'
import type { Slice, SliceItems, SliceName } from '#lib/model/slice.ts'

/** One slice as published: its items, the version that names their content, and since when each item is as it is. */
export interface Published<N extends SliceName = SliceName> {
  /** Content hash: the same items give the same version in every controller and after every restart. */
  readonly version: string
  readonly items: Slice<N>
  /** Counts this controller's publications; orders its versions, which hashes cannot. */
  readonly sequence: number
  /** The sequence at which each item came to be as it is. */
  readonly since: ReadonlyMap<string, number>
  /** The sequence of each version published before, newest last, bounded. */
  readonly sequences: ReadonlyMap<string, number>
}

export interface Change<N extends SliceName = SliceName> {
  readonly from: string
  readonly put: readonly (readonly [string, SliceItems[N]])[]
  readonly drop: readonly string[]
}

const VERSIONS_KEPT = 1_000

export function unpublished<N extends SliceName>(): Published<N> {
  return { version: versionOf(0n), items: new Map(), sequence: 0, since: new Map(), sequences: new Map() }
}

/** The next publication and what changed; undefined when the content is the same. Items that are the same value by content keep their reference. */
export function publication<N extends SliceName>(
  last: Published<N>,
  next: Slice<N>,
): { readonly published: Published<N>; readonly change: Change<N> } | undefined {
  const sequence = last.sequence + 1
  const items = new Map<string, SliceItems[N]>()
  const since = new Map<string, number>()
  const put: [string, SliceItems[N]][] = []
  let sum = sumOf(last.version)
  for (const [key, item] of next) {
    const held = last.items.get(key)
    if (held !== undefined && (held === item || hashOf(key, held) === hashOf(key, item))) {
      items.set(key, held)
      since.set(key, last.since.get(key) ?? sequence)
      continue
    }
    items.set(key, item)
    since.set(key, sequence)
    put.push([key, item])
    sum ^= hashOf(key, item) ^ (held === undefined ? 0n : hashOf(key, held))
  }
  const drop: string[] = []
  for (const [key, item] of last.items) {
    if (next.has(key)) continue
    drop.push(key)
    sum ^= hashOf(key, item)
  }
  if (put.length === 0 && drop.length === 0 && last.sequence > 0) return undefined
  const version = versionOf(sum)
  // A version that comes back moves to the end: the newest are the ones to keep.
  const others = [...last.sequences].filter(([each]) => each !== version)
  const kept = [...others, [version, sequence] as const].slice(-VERSIONS_KEPT)
  return {
    published: { version, items, sequence, since, sequences: new Map(kept) },
    change: { from: last.version, put, drop },
  }
}

// The version is the exclusive or of the items' hashes: one change costs one hash, whatever the size of the table.
const hashes = new WeakMap<object, bigint>()

function hashOf(key: string, item: object): bigint {
  let hash = hashes.get(item)
  if (hash === undefined) {
    hash = createHash('sha256')
      .update(`${key}\n${canonical(item)}`)
      .digest()
      .readBigUInt64BE(0)
    hashes.set(item, hash)
  }
  return hash
}

function versionOf(sum: bigint): string {
  return sum.toString(16).padStart(16, '0')
}

function sumOf(version: string): bigint {
  return BigInt(`0x${version}`)
}
