import type { FromReplica } from '#lib/feed.ts'
import type { SliceName } from '#lib/model/slice.ts'

/**
 * A replica of a data plane, as the controller knows it.
 *
 *   hello ──► connected ──goodbye──► (gone at once)
 *                │  ▲
 *          socket lost  hello
 *                ▼  │
 *              lost ──grace passed──► (gone: nobody waits for it any more)
 */
export interface Replica {
  readonly id: string
  readonly slice: SliceName
  readonly url: string
  readonly ready: boolean
  /** The version it serves; undefined before its first. */
  readonly acked: string | undefined
  /** Of the version it serves, the items that it does not, each with the reason; never empty. */
  readonly refusedItems?: readonly (readonly [key: string, reason: string])[]
  /** The newer version that it would not take at all. */
  readonly refused?: { readonly version: string; readonly error: string }
  /** Monotonic milliseconds at which its socket was lost. */
  readonly lostAt?: number
}

/** How long a replica that vanished without a goodbye still counts: it may be serving its last copy. */
export const LOST_GRACE_MS = 30_000

export type Replicas = ReadonlyMap<string, Replica>

export function withReplica(replicas: Replicas, replica: Replica): Replicas {
  return new Map(replicas).set(replica.id, replica)
}

export function withoutReplica(replicas: Replicas, id: string): Replicas {
  const next = new Map(replicas)
  next.delete(id)
  return next
}

/** Reasons end up in conditions, which the API server takes up to a length. */
const MAX_REASON_CHARS = 1_000

/** What it served before, and what it said of that, no longer counts. */
export function acknowledged(
  { id, slice, url, ready }: Replica,
  { version, refused = [] }: Pick<Extract<FromReplica, { type: 'ack' }>, 'version' | 'refused'>,
): Replica {
  const refusedItems = refused.map(([key, reason]) => [key, shortened(reason)] as const)
  return { id, slice, url, ready, acked: version, ...(refusedItems.length > 0 && { refusedItems }) }
}

/** It goes on with the version that it serves. */
export function refusing(
  replica: Replica,
  { version, error }: Pick<Extract<FromReplica, { type: 'nack' }>, 'version' | 'error'>,
): Replica {
  return { ...replica, refused: { version, error: shortened(error) } }
}

/** The version that it serves to the last item: what else it holds it must be sent anew, to hear again what it refuses. */
export function wholeVersion({ acked, refusedItems }: Replica): string | undefined {
  return refusedItems === undefined ? acked : undefined
}

function shortened(reason: string): string {
  return reason.length <= MAX_REASON_CHARS ? reason : `${reason.slice(0, MAX_REASON_CHARS)}…`
}

/** Drops the replicas that have been lost for longer than the grace. */
export function afterGrace(replicas: Replicas, now: number, graceMs = LOST_GRACE_MS): Replicas {
  const stays = (each: Replica) => each.lostAt === undefined || now - each.lostAt < graceMs
  return [...replicas.values()].every(stays) ? replicas : new Map([...replicas].filter(([, each]) => stays(each)))
}

/**
 * Own replicas and those of other controllers, each once: one that moved counts where it is connected, not where it was
 * lost; where it is known to be connected twice, this controller's word holds.
 */
export function everyReplica(own: Iterable<Replica>, elsewhere: Iterable<Replica>): readonly Replica[] {
  const every = new Map<string, Replica>()
  for (const each of [...elsewhere, ...own]) {
    const known = every.get(each.id)
    if (known === undefined || known.lostAt !== undefined || each.lostAt === undefined) every.set(each.id, each)
  }
  return [...every.values()]
}
