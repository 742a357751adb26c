import type { Counter, Gauge, Metrics } from '../metrics.ts'

export interface AmqpMetrics {
  readonly up: Gauge<'connection'>
  readonly blocked: Gauge<'connection'>
  readonly connects: Counter<'connection'>
  readonly published: Counter<'connection' | 'outcome'>
}

const known = new WeakMap<Metrics, AmqpMetrics>()

/** The series of all connections of one process: made once, whichever connection comes first. */
export function amqpMetrics(metrics: Metrics): AmqpMetrics {
  const made = known.get(metrics) ?? create(metrics)
  known.set(metrics, made)
  return made
}

function create(metrics: Metrics): AmqpMetrics {
  return {
    up: metrics.gauge('soa_amqp_connected', '1 while connected to the broker', ['connection']),
    blocked: metrics.gauge('soa_amqp_blocked', '1 while the broker blocks publishers', ['connection']),
    connects: metrics.counter('soa_amqp_connects_total', 'Connections made to the broker', ['connection']),
    published: metrics.counter('soa_amqp_published_total', 'Messages by what became of them', [
      'connection',
      'outcome',
    ]),
  }
}
