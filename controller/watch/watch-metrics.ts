import type { Counter, Gauge, Metrics } from '#lib/metrics.ts'

/** What can be seen of the reflectors, one series a kind. */
export interface WatchMetrics {
  readonly lists: Counter<'kind' | 'result'>
  readonly watches: Counter<'kind' | 'end'>
  readonly events: Counter<'kind' | 'type'>
  readonly repairs: Counter<'kind'>
  readonly objects: Gauge<'kind'>
  readonly contact: Gauge<'kind'>
}

const made = new WeakMap<Metrics, WatchMetrics>()

/** The same series for every reflector of one deployable. */
export function watchMetrics(metrics: Metrics): WatchMetrics {
  const held = made.get(metrics)
  if (held) return held
  const next: WatchMetrics = {
    lists: metrics.counter('soa_controller_watch_lists_total', 'Full lists, by result.', ['kind', 'result']),
    watches: metrics.counter('soa_controller_watch_ends_total', 'Ended watches, by how.', ['kind', 'end']),
    events: metrics.counter('soa_controller_watch_events_total', 'Watch events, by type.', ['kind', 'type']),
    repairs: metrics.counter(
      'soa_controller_watch_repairs_total',
      'Objects that a later full list found different from the copy.',
      ['kind'],
    ),
    objects: metrics.gauge('soa_controller_watch_objects', 'Objects in the copy.', ['kind']),
    contact: metrics.gauge(
      'soa_controller_watch_contact_age_seconds',
      'Seconds since the API server last told anything of this kind.',
      ['kind'],
    ),
  }
  made.set(metrics, next)
  return next
}
