import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import { canonical } from '#lib/hash.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Part } from '#lib/run.ts'
import type { ManagedObject } from '../api/objects.ts'
import type { Progress } from '../publish/progress.ts'
import type { ItemRef, Verdict } from '../translate/outcome.ts'
import type { Source } from '../watch/source.ts'
import { transitions } from './conditions.ts'
import { nextStatus } from './next.ts'

/**
 * The one writer of statuses: the leader's only, skipped if equal, coalesced, and level-triggered, so that a conflict or a
 * failure is mended by looking again.
 *
 *   touch() ──► (QUIET_MS) ──► sweep: for each verdict, next status ≠ stored? ──► write ──► event per transition
 *                                 └── something is settling or failed ──► sweep again later
 */
export interface StatusWriter extends Part {
  /** Something changed: a verdict, or what replicas acknowledged. */
  readonly touch: () => void
}

export interface StatusWriterOptions {
  readonly source: Source
  readonly verdicts: () => Iterable<Verdict>
  readonly progressOf: (items: readonly ItemRef[]) => Progress
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** How long replicas may take before a status says that they are late. */
  readonly settleMs: number
}

interface Due {
  readonly verdict: Verdict
  readonly status: ReturnType<typeof nextStatus>
}

const QUIET_MS = 20
const AGAIN_MS = 1_000
const CONCURRENCY = 8

export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  const { source, clock, log, metrics, settleMs } = options
  const writes = metrics.counter('soa_controller_status_writes_total', 'Status writes', ['kind', 'result'])
  /** Since when each object's items are behind, monotonic milliseconds. */
  const behindSince = new Map<string, number>()
  /** What each verdict came to when its status was last found equal: nothing to compare again while it holds. */
  const settled = new WeakMap<Verdict, string>()
  let leadSince = 0
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> | undefined
  let touched = false
  let stopped = false

  function schedule(ms: number): void {
    if (stopped || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      sweeping = sweep().finally(() => {
        sweeping = undefined
        if (touched) touch()
      })
    }, ms)
  }

  function touch(): void {
    touched = sweeping !== undefined
    if (touched) return
    // A later "again" gives way to now.
    clearTimeout(timer)
    timer = undefined
    schedule(QUIET_MS)
  }

  async function sweep(): Promise<void> {
    if (!source.leads() || !source.synced()) return
    const due: Due[] = []
    const now = new Date(clock.now()).toISOString()
    for (const verdict of options.verdicts()) {
      const { settling, shrinking, key } = standing(verdict)
      if (settled.get(verdict) === key) continue
      const status = nextStatus(verdict, (items) => ({ ...options.progressOf(items), settling, shrinking }), now)
      if (canonical(status) === canonical(verdict.object.status ?? {})) settled.set(verdict, key)
      else due.push({ verdict, status })
    }
    const queue = due.values()
    const results = await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        let complete = true
        for (const { verdict, status } of queue) complete = (await write(verdict.object, status)) && complete
        return complete
      }),
    )
    if (behindSince.size > 0 || results.includes(false)) schedule(AGAIN_MS)
  }

  // After a start or a change of leader replicas are still finding their way here: until then what they said before stands.
  function standing({ object, items }: Verdict): { settling: boolean; shrinking: boolean; key: string } {
    const { acked, total, without, refusal } = options.progressOf(items)
    const now = clock.monotonic()
    const shrunk = total < (object.status?.replicas?.total ?? 0)
    const complete = without.length === 0 && acked === total
    if (complete && !shrunk) behindSince.delete(object.metadata.uid)
    else if (!behindSince.has(object.metadata.uid)) behindSince.set(object.metadata.uid, now)
    const young = now - (behindSince.get(object.metadata.uid) ?? now) < settleMs
    if (!young && complete) behindSince.delete(object.metadata.uid)
    const settling = young && (!complete || (shrunk && now - leadSince < settleMs))
    const shrinking = young && shrunk
    return { settling, shrinking, key: `${acked}/${total} ${without} ${refusal} ${settling} ${shrinking}` }
  }

  async function write(object: ManagedObject, status: ReturnType<typeof nextStatus>): Promise<boolean> {
    const { kind } = object
    try {
      const written = await source.writeStatus(object, status)
      writes.inc({ kind, result: written ? 'success' : 'conflict' })
      // The object has moved on; its next version comes through the watch and is looked at then.
      if (!written) return true
      for (const { type, status: value, reason, message } of transitions(
        object.status?.conditions ?? [],
        status.conditions ?? [],
      )) {
        const good = (value === 'True') === (type === 'Accepted' || type === 'Programmed' || type === 'Ready')
        await source.recordEvent(object, { type: good ? 'Normal' : 'Warning', reason, message })
      }
      return true
    } catch (error) {
      writes.inc({ kind, result: 'error' })
      log.warn(
        { kind, namespace: object.metadata.namespace, name: object.metadata.name, error: reasonOf(error) },
        'Status write failed',
      )
      return false
    }
  }

  return {
    name: 'status writer',
    start() {
      source.onLead((leads) => {
        behindSince.clear()
        leadSince = clock.monotonic()
        if (leads) touch()
      })
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await sweeping
    },
    touch,
  }
}
