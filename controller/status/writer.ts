import type { Clock } from '#lib/clock.ts'
import { reasonOf, SoaError } from '#lib/error.ts'
import { canonical } from '#lib/hash.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import { type Backoff, backoffMs } from '#lib/retry.ts'
import type { Part } from '#lib/run.ts'
import type { ManagedObject } from '../api/objects.ts'
import type { Progress } from '../publish/progress.ts'
import type { ItemRef, Verdict } from '../translate/outcome.ts'
import type { Source } from '../watch/source.ts'
import { isWish, transitions } from './conditions.ts'
import { nextStatus } from './next.ts'
import { createStandings } from './standing.ts'

/**
 * The one writer of statuses: the leader's only, skipped if equal, coalesced, and level-triggered, so that a conflict or a
 * failure is mended by looking again.
 *
 *   touch() ──► (QUIET_MS) ──► sweep: for each verdict, next status ≠ stored? ──► write ──► Event where it tells users
 *                 ▲               ├── something is settling ──► until it has ──► sweep again
 *                 └───────────────┴── a write failed ──► backoff ──► sweep again, not before, whatever touches
 */
export interface StatusWriter extends Part {
  /** Something changed: a verdict, or what replicas acknowledged. */
  readonly touch: () => void
}

export interface StatusWriterOptions {
  readonly source: Pick<Source, 'leads' | 'onLead' | 'synced' | 'stored' | 'writeStatus' | 'recordEvent'>
  readonly verdicts: () => Iterable<Verdict>
  /** How far sets of items have come, as of the call. */
  readonly progress: () => ProgressOf
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly metrics: Metrics
  /** How long replicas may take before a status says that they are late. */
  readonly settleMs: number
  readonly backoff?: Backoff
}

type ProgressOf = (items: readonly ItemRef[]) => Progress

interface Due {
  /** As stored when the status was made. */
  readonly object: ManagedObject
  readonly status: ReturnType<typeof nextStatus>
}

type Outcome = 'done' | 'failed' | 'source-failed'

const QUIET_MS = 20
const CONCURRENCY = 8
const BACKOFF: Backoff = { baseMs: 1_000, maxMs: 30_000 }

export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  const { source, clock, random, log, metrics, settleMs, backoff = BACKOFF } = options
  const writes = metrics.counter('soa_controller_status_writes_total', 'Status writes', ['kind', 'result'])
  const standings = createStandings({ settleMs, clock })
  /** The stored object and standing of each verdict when its status was last found equal: nothing to compare while they hold. */
  const settled = new WeakMap<Verdict, { readonly object: ManagedObject; readonly key: string }>()
  let timer: { readonly dueAt: number; readonly handle: NodeJS.Timeout } | undefined
  let sweeping: Promise<void> | undefined
  let touched = false
  let stopped = false
  let failedSweeps = 0
  let restUntil = 0
  /** When time alone will change something that the last sweep met. */
  let dueAgainAt = Number.POSITIVE_INFINITY

  // The earlier of two wishes holds: a later "again" gives way to now, and touch upon touch postpones nothing.
  function schedule(ms: number): void {
    const dueAt = Math.max(clock.monotonic() + ms, restUntil)
    if (stopped || (timer !== undefined && timer.dueAt <= dueAt)) return
    clearTimeout(timer?.handle)
    timer = { dueAt, handle: setTimeout(begin, dueAt - clock.monotonic()) }
  }

  function begin(): void {
    timer = undefined
    sweeping = Promise.resolve()
      .then(sweep)
      .finally(() => {
        sweeping = undefined
        if (touched) touch()
      })
  }

  function touch(): void {
    touched = sweeping !== undefined
    if (!touched) schedule(QUIET_MS)
  }

  async function sweep(): Promise<void> {
    if (!source.leads() || !source.synced()) return
    const progressOf = options.progress()
    dueAgainAt = Number.POSITIVE_INFINITY
    const due = [...options.verdicts()].filter((verdict) => dueOf(verdict, progressOf) !== undefined)
    standings.keepOnly(options.verdicts())
    const outcomes = await writeAll(due)
    const failed = outcomes.some((each) => each !== 'done')
    failedSweeps = failed ? failedSweeps + 1 : 0
    if (failed) {
      const waitMs = backoffMs(backoff, failedSweeps - 1, random)
      restUntil = Math.max(restUntil, clock.monotonic() + waitMs)
      schedule(waitMs)
    } else if (dueAgainAt < Number.POSITIVE_INFINITY) schedule(Math.max(QUIET_MS, dueAgainAt - clock.monotonic()))
  }

  // A verdict that cannot be told must not silence the others.
  function dueOf(verdict: Verdict, progressOf: ProgressOf): Due | undefined {
    const object = source.stored(verdict.object)
    // Changed or gone since the verdict: the one on its next version is told instead.
    if (object === undefined) return undefined
    try {
      const { settling, shrinking, until, key } = standings.of(object, verdict.items, progressOf(verdict.items))
      dueAgainAt = Math.min(dueAgainAt, until ?? Number.POSITIVE_INFINITY)
      const last = settled.get(verdict)
      if (last?.object === object && last.key === key) return undefined
      const reachOf = (items: readonly ItemRef[]) => ({ ...progressOf(items), settling, shrinking })
      const status = nextStatus({ ...verdict, object }, reachOf, new Date(clock.now()).toISOString())
      if (canonical(status) !== canonical(object.status ?? {})) return { object, status }
      settled.set(verdict, { object, key })
    } catch (error) {
      told(object, error, 'Status cannot be made')
    }
    return undefined
  }

  async function writeAll(due: readonly Verdict[]): Promise<readonly Outcome[]> {
    const queue = due.values()
    const outcomes: Outcome[] = []
    async function lane(): Promise<void> {
      for (const each of queue) {
        // Whoever no longer leads leaves the rest to the next; a source in trouble is left alone.
        if (stopped || !source.leads() || outcomes.includes('source-failed')) return
        outcomes.push(await write(each))
      }
    }
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, due.length) }, lane))
    return outcomes
  }

  async function write(verdict: Verdict): Promise<Outcome> {
    // Made anew: while thousands were written before it, its replicas may have come, or the object moved on.
    const due = dueOf(verdict, options.progress())
    if (due === undefined) return 'done'
    const { object, status } = due
    const { kind } = object
    try {
      const written = await source.writeStatus(object, status)
      writes.inc({ kind, result: written ? 'success' : 'conflict' })
      // The object has moved on; its next version comes through the watch and is looked at then.
      if (written) await tellTransitions(object, status)
      return 'done'
    } catch (error) {
      writes.inc({ kind, result: 'error' })
      told(object, error, 'Status write failed')
      const { status: code = 0, retryAfterMs = 0 } = error as Partial<SoaError & { retryAfterMs: number }>
      restUntil = Math.max(restUntil, clock.monotonic() + retryAfterMs)
      return error instanceof SoaError && (code === 429 || code >= 500) ? 'source-failed' : 'failed'
    }
  }

  async function tellTransitions(object: ManagedObject, status: Due['status']): Promise<void> {
    const turned = transitions(object.status?.conditions ?? [], status.conditions ?? [])
    for (const { type, status: value, reason, message } of turned) {
      const good = (value === 'True') === isWish(type)
      await source.recordEvent(object, { type: good ? 'Normal' : 'Warning', reason, message })
    }
  }

  function told({ kind, metadata: { namespace, name } }: ManagedObject, error: unknown, what: string): void {
    log.warn({ kind, namespace, name, error: reasonOf(error) }, what)
  }

  return {
    name: 'status writer',
    start() {
      source.onLead((leads) => {
        standings.restart()
        if (leads) touch()
      })
    },
    async stop() {
      stopped = true
      clearTimeout(timer?.handle)
      await sweeping
    },
    touch,
  }
}
