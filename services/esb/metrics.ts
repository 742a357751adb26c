import { type Counter, type Histogram, LATENCY_BUCKETS, type Metrics } from '#lib/metrics.ts'
import type { RunningRoutes } from './routes/running.ts'

export interface EsbMetrics {
  readonly in: Counter<'route'>
  readonly out: Counter<'route' | 'destination'>
  readonly filtered: Counter<'route' | 'reason'>
  readonly retried: Counter<'route' | 'reason'>
  readonly dead: Counter<'route' | 'reason'>
  readonly step: Histogram<'route' | 'step'>
  readonly hop: Histogram<'route'>
}

/** The series of a replica; those of a route carry its `namespace/object`. */
export function esbMetrics(metrics: Metrics, running: RunningRoutes): EsbMetrics {
  metrics.gauge('soa_esb_in_flight', 'Messages taken and not yet settled', ['route'], (gauge) => {
    for (const [route, { inHand }] of running()) gauge.set({ route }, inHand().count)
  })
  metrics.gauge('soa_esb_oldest_in_flight_seconds', 'Age of the oldest message in hand', ['route'], (gauge) => {
    for (const [route, { inHand }] of running()) gauge.set({ route }, inHand().oldestMs / 1_000)
  })
  metrics.gauge('soa_esb_route_up', '1 while this replica takes messages of the route', ['route'], (gauge) => {
    for (const [route, { unready }] of running()) gauge.set({ route }, unready() === undefined ? 1 : 0)
  })
  return {
    in: metrics.counter('soa_esb_messages_in_total', 'Messages taken, each try counted', ['route']),
    out: metrics.counter('soa_esb_messages_out_total', 'Deliveries that were confirmed or answered', [
      'route',
      'destination',
    ]),
    filtered: metrics.counter('soa_esb_messages_filtered_total', 'Messages that a step dropped', ['route', 'reason']),
    retried: metrics.counter('soa_esb_messages_retried_total', 'Messages put off for another try', ['route', 'reason']),
    dead: metrics.counter('soa_esb_messages_dead_total', 'Messages put among the dead letters', ['route', 'reason']),
    step: metrics.histogram('soa_esb_step_seconds', 'Time that a step took', LATENCY_BUCKETS, ['route', 'step']),
    hop: metrics.histogram('soa_esb_hop_seconds', 'From the receipt of a message to its settling', LATENCY_BUCKETS, [
      'route',
    ]),
  }
}
