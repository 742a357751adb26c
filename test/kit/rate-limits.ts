import type { RateLimit } from '#lib/model/gateway.ts'
import type { LimitSubject } from '#services/gateway/limits/contract.ts'
import { identityOf } from '#services/gateway/limits/counters.ts'
import { placeOf, seedOf } from '#services/gateway/limits/owner.ts'
import { viewOf } from '#services/gateway/limits/view.ts'

/** A limit of 5/10s for all requests together, unless told otherwise; its id is its name. */
export function rateLimit(parts: Partial<RateLimit> = {}): RateLimit {
  const name = parts.name ?? 'orders'
  return {
    id: name,
    name,
    limit: 5,
    periodMs: 10_000,
    key: { by: 'global' },
    scope: 'cluster',
    onError: 'local',
    mode: 'Enforce',
    ...parts,
  }
}

/** A request as limits see it. */
export function subject(parts: {
  readonly ip?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly consumer?: string
}): LimitSubject {
  const headers = new Map(Object.entries(parts.headers ?? {}))
  return {
    clientIp: () => parts.ip ?? '192.0.2.1',
    header: (name) => headers.get(name),
    consumer: () => parts.consumer,
  }
}

/** The first `count` keys whose counter that replica owns among `replicas`. */
export function keysOwnedBy(owner: string, replicas: readonly string[], limit: RateLimit, count = 1): string[] {
  const { ownerOf } = viewOf(replicas)
  const keys: string[] = []
  for (let i = 0; keys.length < count; i++)
    if (ownerOf(placeOf(seedOf(identityOf(limit)), `k${i}`)) === owner) keys.push(`k${i}`)
  return keys
}

/** A seeded stream of numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
