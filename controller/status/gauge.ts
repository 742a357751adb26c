import type { Metrics } from '#lib/metrics.ts'
import type { ManagedObject } from '../api/objects.ts'

/** `soa_status_condition`: 1 for the status each condition has; derived at each scrape, so series go with their objects. */
export function conditionGauge(metrics: Metrics, objects: () => Iterable<ManagedObject>): void {
  const labels = ['kind', 'namespace', 'name', 'type', 'status'] as const
  metrics.gauge('soa_status_condition', 'Conditions of every object: 1 for the status each has', labels, (gauge) => {
    for (const { kind, metadata, status: told } of objects()) {
      for (const { type, status } of told?.conditions ?? []) {
        gauge.set({ kind, namespace: metadata.namespace, name: metadata.name, type, status }, 1)
      }
    }
  })
}
