/** A map beside the keys whose values came, went or differ since the last translation. */
export interface Derived<T> {
  readonly map: ReadonlyMap<string, T>
  readonly changed: ReadonlySet<string>
}

/** What the world brought: the one comparison over all of it, the stages after it go by the keys found here. */
export function differing<T>(map: ReadonlyMap<string, T>, last: ReadonlyMap<string, T>): Derived<T> {
  const changed = new Set<string>()
  if (map === last) return { map, changed }
  let common = 0
  for (const [key, value] of map) {
    const before = last.get(key)
    if (before !== undefined) common += 1
    if (before !== value) changed.add(key)
  }
  if (common < last.size) for (const key of last.keys()) if (!map.has(key)) changed.add(key)
  return { map, changed }
}

/**
 * Each value of a map made into another; the result is the same as if all were made anew, since `make` is pure: where neither
 * the value nor what else it looks at (`sameElse`) changed, the last result stands. What comes out the same keeps its
 * reference, and so does the map when all of it does. `make` gives undefined for a key that shall have no value.
 */
export function derived<From, To extends object>(
  source: Derived<From>,
  last: ReadonlyMap<string, To>,
  sameElse: boolean,
  make: (key: string, value: From, last: To | undefined) => To | undefined,
): Derived<To> {
  const changed = new Set<string>()
  let next: Map<string, To> | undefined
  for (const key of sameElse ? source.changed : new Set([...source.map.keys(), ...source.changed])) {
    const value = source.map.get(key)
    const before = last.get(key)
    const made = value === undefined ? undefined : make(key, value, before)
    if (made === before) continue
    changed.add(key)
    next ??= new Map(last)
    if (made === undefined) next.delete(key)
    else next.set(key, made)
  }
  return { map: next ?? last, changed }
}
