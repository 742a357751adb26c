import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import { type Backoff, backoffMs } from '#lib/retry.ts'
import type { Part } from '#lib/run.ts'
import { type QueueMetrics, queueMetrics } from './queue-metrics.ts'

/**
 * A queue of one key: "do it all again, from what is true now".
 *
 *   idle ──add──► queued ──► running ──add──► running, queued once more ──► …
 *                   ▲            └──failed──► waiting (backoff) ──┐
 *                   └───────────────────────── or an add ─────────┘
 */
export interface Queue extends Part {
  /** Asks for one more run; however many ask while one is under way, exactly one follows. Returns at once, never throws. */
  readonly add: () => void
}

export interface QueueOptions {
  readonly name: string
  readonly work: () => Promise<void> | void
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly backoff?: Backoff
}

export function createQueue(options: QueueOptions): Queue {
  const { name, work, clock, random, log, backoff = { baseMs: 100, maxMs: 30_000 } } = options
  const seen = observer(queueMetrics(options.metrics), name, clock)
  let state: 'fresh' | 'open' | 'stopped' = 'fresh'
  let queuedAt: number | undefined
  let running: Promise<void> | undefined
  let retry: NodeJS.Timeout | undefined
  let attempt = 0

  function add(): void {
    if (queuedAt !== undefined || state === 'stopped') return
    queuedAt = clock.monotonic()
    seen.queued()
    wake()
  }

  function wake(): void {
    if (state === 'open' && queuedAt !== undefined) running ??= drain().finally(() => (running = undefined))
  }

  async function drain(): Promise<void> {
    // What else this turn of the event loop adds shares the run.
    await new Promise(setImmediate)
    while (queuedAt !== undefined && state === 'open') {
      clearTimeout(retry)
      const done = seen.began(queuedAt)
      queuedAt = undefined
      try {
        await work()
        attempt = 0
        done('success')
      } catch (error) {
        done('error')
        log.error({ queue: name, error: reasonOf(error) }, 'Work failed, trying again')
        retryLater()
      }
    }
  }

  function retryLater(): void {
    if (state !== 'open') return
    seen.retried()
    retry = setTimeout(add, backoffMs(backoff, attempt++, random))
  }

  return {
    name: `queue ${name}`,
    add,
    start() {
      state = 'open'
      wake()
    },
    async stop() {
      state = 'stopped'
      clearTimeout(retry)
      await running
    },
  }
}

// Counts as client-go's workqueue and controller-runtime do, so that their dashboards read it.
function observer(metrics: QueueMetrics, name: string, clock: Clock) {
  const seconds = (since: number) => (clock.monotonic() - since) / 1_000
  metrics.workers.set({ controller: name }, 0)
  metrics.maxWorkers.set({ controller: name }, 1)
  metrics.depth.set({ name }, 0)
  return {
    queued() {
      metrics.adds.inc({ name })
      metrics.depth.set({ name }, 1)
    },
    retried: () => metrics.retries.inc({ name }),
    began(queuedAt: number) {
      const begun = clock.monotonic()
      metrics.depth.set({ name }, 0)
      metrics.waited.observe({ name }, seconds(queuedAt))
      metrics.workers.set({ controller: name }, 1)
      const ticking = setInterval(() => unfinished(seconds(begun)), 500).unref()
      return (result: 'success' | 'error') => {
        clearInterval(ticking)
        unfinished(0)
        metrics.workers.set({ controller: name }, 0)
        metrics.worked.observe({ name }, seconds(begun))
        metrics.reconcileTime.observe({ controller: name }, seconds(begun))
        metrics.reconciles.inc({ controller: name, result })
        if (result === 'error') metrics.reconcileErrors.inc({ controller: name })
      }
    },
  }

  function unfinished(value: number): void {
    metrics.unfinished.set({ name }, value)
    metrics.longest.set({ name }, value)
  }
}
