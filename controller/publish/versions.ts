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
  const put: [string, SliceItems[N]][] = []
  let added = 0
  let sum = sumOf(last.version)
  for (const [key, item] of next) {
    const held = last.items.get(key)
    if (held === item || (held !== undefined && hashOf(key, held) === hashOf(key, item))) continue
    put.push([key, item])
    sum ^= hashOf(key, item) ^ (held === undefined ? 0n : hashOf(key, held))
    if (held === undefined) added += 1
  }
  const drop = last.items.size + added === next.size ? [] : [...last.items.keys()].filter((key) => !next.has(key))
  for (const key of drop) sum ^= hashOf(key, last.items.get(key) as SliceItems[N])
  if (put.length === 0 && drop.length === 0 && last.sequence > 0) return undefined
  const version = versionOf(sum)
  // A version that comes back moves to the end: the newest are the ones to keep.
  const others = [...last.sequences].filter(([each]) => each !== version)
  const kept = [...others, [version, sequence] as const].slice(-VERSIONS_KEPT)
  return {
    published: {
      version,
      items: patched(last.items, put, drop),
      sequence,
      since: patched(
        last.since,
        put.map(([key]) => [key, sequence]),
        drop,
      ),
      sequences: new Map(kept),
    },
    change: { from: last.version, put, drop },
  }
}

// A copy and the changes: quicker than the whole once more, by far.
function patched<T>(
  last: ReadonlyMap<string, T>,
  put: Iterable<readonly [string, T]>,
  drop: readonly string[],
): ReadonlyMap<string, T> {
  const next = new Map(last)
  for (const key of drop) next.delete(key)
  for (const [key, value] of put) next.set(key, value)
  return next
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
