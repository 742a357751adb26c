import type { KubeObject } from '#lib/kube.ts'

/** The last copy of one kind. A map once handed out never changes; an object that has not changed keeps its reference. */
export interface Store<T extends KubeObject> {
  readonly current: () => ReadonlyMap<string, T>
  /** Takes what a watch told; false when it tells nothing new. */
  readonly put: (object: T) => boolean
  /** Forgets the object; false when another one holds its name by now. */
  readonly drop: (object: T) => boolean
  /** Takes a full list as the truth; the number of objects that came, went or differ. */
  readonly replace: (objects: readonly T[]) => number
  /** The share of the held objects that this list lacks. */
  readonly missingIn: (objects: readonly T[]) => number
}

export function createStore<T extends KubeObject>(ingest: (object: T) => T): Store<T> {
  let map = new Map<string, T>()
  let handedOut = false

  // Copied at most once between two readings, however many events arrive in between.
  function writable(): Map<string, T> {
    if (handedOut) map = new Map(map)
    handedOut = false
    return map
  }

  return {
    current() {
      handedOut = true
      return map
    },
    put(object) {
      const key = keyOf(object)
      if (tellsNothingNew(map.get(key), object)) return false
      writable().set(key, ingest(object))
      return true
    },
    drop(object) {
      const key = keyOf(object)
      const held = map.get(key)
      if (held === undefined || held.metadata.uid !== object.metadata.uid) return false
      return writable().delete(key)
    },
    replace(objects) {
      const next = new Map<string, T>()
      let kept = 0
      for (const object of objects) {
        const key = keyOf(object)
        const held = map.get(key)
        const same = held !== undefined && isSame(held, object)
        if (same) kept++
        next.set(key, same ? held : ingest(object))
      }
      const changed = next.size - kept + [...map.keys()].filter((key) => !next.has(key)).length
      if (changed > 0) {
        map = next
        handedOut = false
      }
      return changed
    },
    missingIn(objects) {
      const present = new Set(objects.map(keyOf))
      const missing = [...map.keys()].filter((key) => !present.has(key)).length
      return map.size === 0 ? 0 : missing / map.size
    },
  }
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
