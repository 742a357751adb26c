import type { Counter, Gauge, Histogram, Metrics } from '#lib/metrics.ts'

/** Series under the names that client-go and controller-runtime gave them: existing dashboards and alerts apply. */
export interface QueueMetrics {
  readonly depth: Gauge<'name'>
  readonly adds: Counter<'name'>
  readonly retries: Counter<'name'>
  readonly waited: Histogram<'name'>
  readonly worked: Histogram<'name'>
  readonly unfinished: Gauge<'name'>
  readonly longest: Gauge<'name'>
  readonly reconciles: Counter<'controller' | 'result'>
  readonly reconcileErrors: Counter<'controller'>
  readonly reconcileTime: Histogram<'controller'>
  readonly workers: Gauge<'controller'>
  readonly maxWorkers: Gauge<'controller'>
}

const SECONDS = [1e-5, 1e-4, 1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60] as const

const made = new WeakMap<Metrics, QueueMetrics>()

/** The same series for every queue of one deployable. */
export function queueMetrics(metrics: Metrics): QueueMetrics {
  const held = made.get(metrics)
  if (held) return held
  const next = { ...workqueue(metrics), ...controllerRuntime(metrics) }
  made.set(metrics, next)
  return next
}

function workqueue({ counter, gauge, histogram }: Metrics) {
  const by = ['name'] as const
  return {
    depth: gauge('workqueue_depth', 'Waiting items.', by),
    adds: counter('workqueue_adds_total', 'Items added.', by),
    retries: counter('workqueue_retries_total', 'Items added again after a failure.', by),
    waited: histogram('workqueue_queue_duration_seconds', 'Time an item waited.', SECONDS, by),
    worked: histogram('workqueue_work_duration_seconds', 'Time an item took.', SECONDS, by),
    unfinished: gauge('workqueue_unfinished_work_seconds', 'Age of work under way, summed.', by),
    longest: gauge('workqueue_longest_running_processor_seconds', 'Age of the oldest work under way.', by),
  }
}

function controllerRuntime({ counter, gauge, histogram }: Metrics) {
  const by = ['controller'] as const
  return {
    reconciles: counter('controller_runtime_reconcile_total', 'Runs, by result.', [...by, 'result'] as const),
    reconcileErrors: counter('controller_runtime_reconcile_errors_total', 'Runs that failed.', by),
    reconcileTime: histogram('controller_runtime_reconcile_time_seconds', 'Time a run took.', SECONDS, by),
    workers: gauge('controller_runtime_active_workers', 'Runs under way.', by),
    maxWorkers: gauge('controller_runtime_max_concurrent_reconciles', 'Runs that may be under way at once.', by),
  }
}
