import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import { deadline } from '#lib/kube/deadline.ts'
import { LEASES, pathTo } from '#lib/kube/paths.ts'
import { pause } from '#lib/kube/pause.ts'
import { answered, type Kube } from '#lib/kube.ts'
import type { Log } from '#lib/log.ts'
import type { Gauge, Metrics } from '#lib/metrics.ts'
import type { Part } from '#lib/run.ts'
import { claimed, decide, type Lease, released, type Sighting, sighted } from './decide.ts'

const CONTROL_URL = 'soaplane.dev/control-url'

/**
 * One leader among the replicas, by a Lease.
 *
 *   following ──lease free or unchanged for its whole duration──► leading ──renewed every retryMs──┐
 *       ▲                                                           │  ▲─────────────────────────────┘
 *       └──── someone else holds it · not renewed for deadlineMs ───┘   stop ──► lease given back
 *
 * `deadlineMs` is shorter than `durationMs`: a leader that cannot renew has stopped before another may begin.
 */
export interface Elector extends Part {
  readonly leads: () => boolean
  readonly onLead: (listener: (leads: boolean) => void) => void
  /** Where the leader's control API answers; undefined while none is known. */
  readonly leaderUrl: () => string | undefined
}

export interface ElectorOptions {
  readonly kube: Pick<Kube, 'get' | 'create' | 'replace'>
  readonly namespace: string
  readonly name: string
  /** Unique a process: `hostname_uuid`. */
  readonly identity: string
  readonly controlUrl: () => string
  readonly timings?: Timings
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
}

export interface Timings {
  readonly durationMs: number
  readonly deadlineMs: number
  readonly retryMs: number
}

export const TIMINGS: Timings = { durationMs: 15_000, deadlineMs: 10_000, retryMs: 2_000 }

export function createElector(options: ElectorOptions): Elector {
  const { kube, namespace, name, identity: me, clock, random, log, timings = TIMINGS } = options
  const path = pathTo(LEASES, namespace, name)
  const status = statusGauge(options.metrics)
  const listeners: ((leads: boolean) => void)[] = []
  const life = new AbortController()
  let running: Promise<void> | undefined
  let lease: Lease | undefined
  let seen: Sighting | undefined
  let leading = false
  let inDoubt = true
  let expiry: NodeJS.Timeout | undefined

  function lead(next: boolean, why: string): void {
    if (leading === next) return
    leading = next
    status.set({ name }, next ? 1 : 0)
    log.info({ lease: `${namespace}/${name}`, identity: me, why }, next ? 'Leading' : 'No longer leading')
    for (const listener of listeners) {
      try {
        listener(next)
      } catch (error) {
        log.error({ error: reasonOf(error) }, 'Leadership listener failed')
      }
    }
  }

  // Counted from before the request was sent: by then the old term was surely still running.
  function renewedAt(startedMs: number): void {
    clearTimeout(expiry)
    const leftMs = startedMs + timings.deadlineMs - clock.monotonic()
    if (leftMs > 0) {
      expiry = setTimeout(() => lead(false, 'could not renew in time'), leftMs)
      lead(true, 'lease is held')
    } else lead(false, 'renewal came too late')
  }

  function observe(next: Lease | undefined): void {
    lease = next
    seen = sighted(seen, next, clock.monotonic())
  }

  /** One look and, where it is due, one write; how long until the next. */
  async function turn(signal: AbortSignal): Promise<number> {
    // A leader knows the lease: it wrote it. A conflict tells it otherwise and makes it read again.
    if (!leading || inDoubt) observe(await kube.get<Lease>(path, signal))
    const startedMs = clock.monotonic()
    const known = seen ?? sighted(undefined, lease, startedMs)
    const decision = decide(lease, { me, seen: known, nowMs: startedMs, durationMs: timings.durationMs })
    if (decision.act === 'wait') {
      clearTimeout(expiry)
      lead(false, `${lease?.spec?.holderIdentity} holds the lease`)
      return Math.min(nextTurn(), Math.ceil(decision.expiresInMs))
    }
    observe(await write(claim(decision.act), signal))
    renewedAt(startedMs)
    return nextTurn()
  }

  function claim(act: 'create' | 'renew' | 'take'): Lease {
    const now = new Date(clock.now())
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        ...lease?.metadata,
        namespace,
        name,
        annotations: { ...lease?.metadata.annotations, [CONTROL_URL]: options.controlUrl() },
      },
      spec: claimed(lease, act, { me, now, durationMs: timings.durationMs }),
    }
  }

  function write(next: Lease, signal: AbortSignal): Promise<Lease> {
    return next.metadata.resourceVersion === undefined
      ? kube.create<Lease>(pathTo(LEASES, namespace), next, signal)
      : kube.replace<Lease>(path, next, signal)
  }

  // Shorter, never longer: the sum of two turns and the duration bounds the time without a leader.
  function nextTurn(): number {
    return timings.retryMs * (1 - 0.2 * random())
  }

  async function loop(): Promise<void> {
    while (!life.signal.aborted) {
      let waitMs = nextTurn()
      // Half of the deadline: one request that hangs must not cost the lead.
      const limit = deadline(timings.deadlineMs / 2, life.signal)
      try {
        waitMs = await turn(limit.signal)
        inDoubt = false
      } catch (error) {
        inDoubt = true
        if (life.signal.aborted) return
        if (answered(error, 409)) log.debug({ lease: name }, 'Lease moved on, reading it again')
        else log.warn({ lease: name, error: reasonOf(error) }, 'Lease request failed, trying again')
      } finally {
        limit.end()
      }
      await pause(waitMs, life.signal)
    }
  }

  async function release(): Promise<void> {
    clearTimeout(expiry)
    lead(false, 'stopping')
    const limit = deadline(timings.deadlineMs / 2)
    try {
      const current = await kube.get<Lease>(path, limit.signal)
      if (current?.spec?.holderIdentity !== me) return
      const { [CONTROL_URL]: _url, ...annotations } = current.metadata.annotations ?? {}
      const spec = released(current, new Date(clock.now()))
      await kube.replace(path, { ...current, metadata: { ...current.metadata, annotations }, spec }, limit.signal)
    } catch (error) {
      log.warn({ error: reasonOf(error) }, 'Lease could not be given back, it will run out')
    } finally {
      limit.end()
    }
  }

  return {
    name: `leader ${name}`,
    leads: () => leading,
    onLead: (listener) => void listeners.push(listener),
    leaderUrl() {
      if (leading) return options.controlUrl()
      const { holderIdentity } = lease?.spec ?? {}
      return holderIdentity && holderIdentity !== me ? lease?.metadata.annotations?.[CONTROL_URL] : undefined
    },
    start() {
      status.set({ name }, 0)
      running = loop()
    },
    async stop() {
      life.abort()
      await running
      await release()
    },
  }
}

const made = new WeakMap<Metrics, Gauge<'name'>>()

function statusGauge(metrics: Metrics): Gauge<'name'> {
  const gauge =
    made.get(metrics) ?? metrics.gauge('leader_election_master_status', 'Whether this process leads.', ['name'])
  made.set(metrics, gauge)
  return gauge
}
