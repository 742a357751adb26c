import type { Metrics } from '#lib/metrics.ts'
import type { View } from './directory/view.ts'
import type { Staleness } from './staleness.ts'

export interface RegistryMetrics {
  readonly onStaleServe: () => void
  readonly onDropped: () => void
}

/** What is measured of the whole; each part measures its own work itself. */
export function registryMetrics(
  metrics: Metrics,
  view: () => View,
  { seconds }: Pick<Staleness, 'seconds'>,
): RegistryMetrics {
  const stale = metrics.counter('soa_registry_stale_serves_total', 'Answers from a copy that may be old')
  const dropped = metrics.counter('soa_registry_watchers_dropped_total', 'Watchers cut for falling too far behind')
  const age = 'For how long the controller has been out of reach'
  metrics.gauge('soa_registry_stale_seconds', age, [], (gauge) => gauge.set(seconds() ?? 0))
  metrics.gauge('soa_registry_services', 'Services known', [], (gauge) => gauge.set(view().services.size))
  metrics.gauge('soa_registry_endpoints', 'Endpoints known, by health', ['health'], (gauge) => {
    const counts = { healthy: 0, unhealthy: 0, unknown: 0 }
    for (const { endpoints } of view().services.values()) for (const { health } of endpoints) counts[health] += 1
    for (const [health, count] of Object.entries(counts)) gauge.set({ health }, count)
  })
  return { onStaleServe: () => stale.inc(), onDropped: () => dropped.inc() }
}
