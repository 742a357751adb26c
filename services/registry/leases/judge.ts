/** The promise of one instance to be heard of again within its ttl; monotonic milliseconds. */
export interface Lease {
  readonly ttlMs: number
  readonly renewedAt: number
  /** When it was withdrawn; absent while it counts as alive. */
  readonly withdrawnAt?: number
}

export interface LeaseRules {
  /** Instances from which on a service is guarded. */
  readonly minFleet: number
  /** Share of a guarded service that may be withdrawn within one ttl. */
  readonly maxShare: number
  /** The guard lets go of an instance that has been overdue for so long. */
  readonly maxHoldMs: number
  /** From expiry to deletion; undefined is ten ttls, at least a minute. */
  readonly reapAfterMs: number | undefined
}

/** What to do with one service's instances; names sorted as they came. */
export interface Judgement {
  readonly withdraw: readonly string[]
  /** Overdue but kept: so many at once speak of a sick registry, not of a sick fleet. */
  readonly held: readonly string[]
  readonly reap: readonly string[]
}

export function dueAt({ renewedAt, ttlMs }: Lease): number {
  return renewedAt + ttlMs
}

/** Pure. The guard is per service and needs a fleet: one instance of two is no reason to doubt the registry. */
export function judge(fleet: ReadonlyMap<string, Lease>, now: number, rules: LeaseRules): Judgement {
  const overdue: [string, Lease][] = []
  const reap: string[] = []
  let alive = 0
  let recent = 0
  for (const [instance, lease] of fleet) {
    const { withdrawnAt, ttlMs } = lease
    if (withdrawnAt === undefined) {
      if (dueAt(lease) <= now) overdue.push([instance, lease])
      else alive += 1
      continue
    }
    if (now - withdrawnAt < ttlMs) recent += 1
    if (now - dueAt(lease) >= (rules.reapAfterMs ?? Math.max(10 * ttlMs, 60_000))) reap.push(instance)
  }
  const size = alive + overdue.length + recent
  const isGuarded = size >= rules.minFleet && overdue.length + recent > rules.maxShare * size
  const isHeld = ([, lease]: [string, Lease]) => isGuarded && now - dueAt(lease) < rules.maxHoldMs
  return {
    withdraw: overdue.filter((each) => !isHeld(each)).map(([instance]) => instance),
    held: overdue.filter(isHeld).map(([instance]) => instance),
    reap,
  }
}

/** For how long the registry could not have heard renewals between two looks; leases are extended by it. */
export function outageMs({
  sinceLastMs,
  periodMs,
  deaf,
}: {
  sinceLastMs: number
  periodMs: number
  deaf: boolean
}): number {
  if (deaf) return sinceLastMs
  return sinceLastMs > 4 * periodMs ? sinceLastMs - periodMs : 0
}

export function extended(lease: Lease, byMs: number): Lease {
  return { ...lease, renewedAt: lease.renewedAt + byMs }
}
