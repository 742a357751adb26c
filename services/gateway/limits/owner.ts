/**
 * Which replica owns a counter: the one with the highest weight for it (rendezvous hashing). When a replica comes or
 * goes, only the counters it takes or leaves move. Every replica computes the same from the same ids, in any order.
 */
export function ownership(replicas: readonly string[]): (place: number) => string | undefined {
  const weighted = [...replicas].sort().map((id) => ({ id, hash: mixed(seedOf(id)) }))
  return function ownerOf(place) {
    let [best, owner]: [number, string | undefined] = [-1, undefined]
    for (const { id, hash } of weighted) {
      const weight = mixed(place ^ hash)
      if (weight > best) [best, owner] = [weight, id]
    }
    return owner
  }
}

/** The part of a place that all keys of a limit share, so that a decision hashes no more than its key. */
export function seedOf(identity: string): number {
  return hashed(0x811c9dc5, identity)
}

/** Where on the ring of replicas a key's counter lies. */
export function placeOf(seed: number, key: string): number {
  return mixed(hashed(seed, key))
}

// FNV-1a over UTF-16 units, then the finaliser of MurmurHash3: fast, and spread well enough for placing counters.
function hashed(start: number, text: string): number {
  let hash = start
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

function mixed(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
