import type { Metrics } from '#lib/metrics.ts'
import type { Verdict } from '../translate/outcome.ts'

/** `soa_status_condition`: 1 for the status each condition has; derived at each scrape, so series go with their objects. */
export function conditionGauge(metrics: Metrics, verdicts: () => Iterable<Verdict>): void {
  const labels = ['kind', 'namespace', 'name', 'type', 'status'] as const
  metrics.gauge('soa_status_condition', 'Conditions of every object: 1 for the status each has', labels, (gauge) => {
    for (const { object } of verdicts()) {
      const { kind, metadata } = object
      for (const { type, status } of object.status?.conditions ?? []) {
        gauge.set({ kind, namespace: metadata.namespace, name: metadata.name, type, status }, 1)
      }
    }
  })
}
