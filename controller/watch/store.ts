import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '#lib/kube.ts'

/** How an object moved on: in what it asks for, or in its status alone. */
export type Difference = 'none' | 'status' | 'desired'

/** The last copy of one kind. A map once handed out never changes; an object that has not changed keeps its reference. */
export interface Store<T extends KubeObject> {
  readonly current: () => ReadonlyMap<string, T>
  /** The same objects; one of which only the status differs keeps its reference (and the status it came with). */
  readonly desired: () => ReadonlyMap<string, T>
  /** What `current` holds in the place of one that `desired` holds; undefined once that is no longer desired. */
  readonly newest: (desired: T) => T | undefined
  readonly size: () => number
  /** Takes what a watch told. */
  readonly put: (object: T) => Difference
  /** Forgets the object; false when another one holds its name by now. */
  readonly drop: (object: T) => boolean
  /** Takes a full list as the truth; the number of objects that came, went or differ, and of those that differ in status alone. */
  readonly replace: (objects: readonly T[]) => { readonly changed: number; readonly statuses: number }
  /** The share of the held objects that this list lacks. */
  readonly missingIn: (objects: readonly T[]) => number
}

export function createStore<T extends KubeObject>(ingest: (object: T) => T): Store<T> {
  const newest = createShelf<T>()
  const desired = createShelf<T>()

  function put(object: T): Difference {
    const key = keyOf(object)
    const held = newest.map().get(key)
    if (tellsNothingNew(held, object)) return 'none'
    const [next, difference] = successor(desired.map().get(key), ingest(object))
    newest.writable().set(key, next)
    if (difference === 'desired') desired.writable().set(key, next)
    return difference
  }

  function replace(objects: readonly T[]): { readonly changed: number; readonly statuses: number } {
    const present = new Set(objects.map(keyOf))
    const gone = [...newest.map().keys()].filter((key) => !present.has(key))
    let [changed, statuses] = [gone.length, 0]
    for (const key of gone) {
      newest.writable().delete(key)
      desired.writable().delete(key)
    }
    for (const object of objects) {
      const key = keyOf(object)
      const held = newest.map().get(key)
      if (held !== undefined && isSame(held, object)) continue
      const [next, difference] = successor(desired.map().get(key), ingest(object))
      changed++
      newest.writable().set(key, next)
      if (difference === 'desired') desired.writable().set(key, next)
      else statuses++
    }
    return { changed, statuses }
  }

  return {
    current: newest.handOut,
    desired: desired.handOut,
    newest(object) {
      const key = keyOf(object)
      return desired.map().get(key) === object ? newest.map().get(key) : undefined
    },
    size: () => newest.map().size,
    put,
    drop(object) {
      const key = keyOf(object)
      const held = newest.map().get(key)
      if (held === undefined || held.metadata.uid !== object.metadata.uid) return false
      newest.writable().delete(key)
      return desired.writable().delete(key)
    },
    replace,
    missingIn(objects) {
      const map = newest.map()
      const present = new Set(objects.map(keyOf))
      const missing = [...map.keys()].filter((key) => !present.has(key)).length
      return map.size === 0 ? 0 : missing / map.size
    },
  }
}

/** A map that is copied at most once between two hand-outs, however much is written in between. */
function createShelf<T>() {
  let map = new Map<string, T>()
  let handedOut = false
  return {
    map: (): ReadonlyMap<string, T> => map,
    handOut(): ReadonlyMap<string, T> {
      handedOut = true
      return map
    },
    writable(): Map<string, T> {
      if (handedOut) map = new Map(map)
      handedOut = false
      return map
    },
  }
}

/** What to hold of an object that differs from the one held: with the parts of that one, where it asks for the same. */
function successor<T extends KubeObject>(held: T | undefined, object: T): readonly [T, Exclude<Difference, 'none'>] {
  if (held === undefined || !isDeepStrictEqual(asked(held), asked(object))) return [object, 'desired']
  const { resourceVersion } = object.metadata
  const { status } = object as { readonly status?: unknown }
  const metadata = { ...held.metadata, ...(resourceVersion !== undefined && { resourceVersion }) }
  return [{ ...object, ...bare(held), metadata, ...(status !== undefined && { status }) }, 'status']
}

// Compared as a whole rather than by generation: labels and annotations are asked for, too.
function asked(object: KubeObject): object {
  const { resourceVersion: _version, ...metadata } = object.metadata
  return { ...bare(object), metadata }
}

function bare<T extends KubeObject>(object: T): Omit<T, 'status'> {
  const { status: _status, ...rest } = object as T & { readonly status?: unknown }
  return rest as Omit<T, 'status'>
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}

// Resource versions have no order; equality is all they offer.
function isSame(held: KubeObject, object: KubeObject): boolean {
  return held.metadata.uid === object.metadata.uid && held.metadata.resourceVersion === object.metadata.resourceVersion
}

// The generation of one object only grows: a smaller one comes from a server that lags.
function tellsNothingNew(held: KubeObject | undefined, object: KubeObject): boolean {
  if (held === undefined) return false
  if (isSame(held, object)) return true
  const isOld = (object.metadata.generation ?? 0) < (held.metadata.generation ?? 0)
  return isOld && held.metadata.uid === object.metadata.uid
}
