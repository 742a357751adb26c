/** coordination.k8s.io/v1 Lease, as much of it as an election reads and writes. */
export interface Lease {
  readonly apiVersion: 'coordination.k8s.io/v1'
  readonly kind: 'Lease'
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly resourceVersion?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: LeaseSpec
}

export interface LeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  /** MicroTime: six digits after the second, which a JavaScript date does not write by itself. */
  readonly acquireTime?: string
  readonly renewTime?: string
  readonly leaseTransitions?: number
}

/** One state of the lease and when this process first saw it, on its own monotonic clock. */
export interface Sighting {
  readonly record: string
  readonly atMs: number
}

export type Decision =
  | { readonly act: 'create' | 'renew' | 'take' }
  /** Someone else leads; worth another look after this long at the latest. */
  | { readonly act: 'wait'; readonly expiresInMs: number }

/** The lease as seen now: a change of its record begins a new sighting. The holder's clock plays no part. */
export function sighted(last: Sighting | undefined, lease: Lease | undefined, nowMs: number): Sighting {
  const { holderIdentity, acquireTime, renewTime, leaseTransitions } = lease?.spec ?? {}
  const record = JSON.stringify([holderIdentity, acquireTime, renewTime, leaseTransitions])
  return last?.record === record ? last : { record, atMs: nowMs }
}

/** What an elector does about the lease it sees. */
export function decide(
  lease: Lease | undefined,
  { me, seen, nowMs, durationMs }: { me: string; seen: Sighting; nowMs: number; durationMs: number },
): Decision {
  if (lease === undefined) return { act: 'create' }
  const holder = lease.spec?.holderIdentity
  if (!holder) return { act: 'take' }
  if (holder === me) return { act: 'renew' }
  const heldMs = (lease.spec?.leaseDurationSeconds ?? durationMs / 1_000) * 1_000
  const expiresInMs = seen.atMs + heldMs - nowMs
  return expiresInMs <= 0 ? { act: 'take' } : { act: 'wait', expiresInMs }
}

/** The spec to write when `act` makes or keeps this process the leader. */
export function claimed(
  lease: Lease | undefined,
  act: 'create' | 'renew' | 'take',
  { me, now, durationMs }: { me: string; now: Date; durationMs: number },
): LeaseSpec {
  const time = microTime(now)
  const transitions = lease?.spec?.leaseTransitions ?? 0
  const own = { holderIdentity: me, leaseDurationSeconds: Math.ceil(durationMs / 1_000), renewTime: time }
  if (act === 'renew') {
    return { ...own, acquireTime: lease?.spec?.acquireTime ?? time, leaseTransitions: transitions }
  }
  return { ...own, acquireTime: time, leaseTransitions: act === 'take' ? transitions + 1 : 0 }
}

/** The spec that gives the lease back: an empty holder lets the next elector take it at once. */
export function released(lease: Lease, now: Date): LeaseSpec {
  const time = microTime(now)
  return { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time }
}

/** RFC 3339 with microseconds: the API server answers 400 to three digits. */
export function microTime(date: Date): string {
  return date.toISOString().replace(/Z$/, '000Z')
}
