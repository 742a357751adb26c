import type { Gauge, Metrics } from '#lib/metrics.ts'
import { LATENCY_BUCKETS } from '#lib/metrics.ts'

/** Counts by service, status and who answered. Tallied in plain numbers, since this is on the path of every request. */
export interface GatewayMetrics {
  readonly over: (service: string, status: number, byGateway: boolean, seconds: number) => void
  /** Refused before it had a route. */
  readonly refused: (reason: string, status: number) => void
  readonly retried: () => void
  /** Forgets the series of a service that is no more. */
  readonly forget: (service: string) => void
}

export interface Gauges {
  readonly connections: () => number
  readonly tunnels: () => number
  readonly origins: () => number
  readonly routes: () => number
}

/** Requests that had no route belong to no service. */
const NO_SERVICE = ''

export function gatewayMetrics(metrics: Metrics, gauges: Gauges): GatewayMetrics {
  // By service, then by status, negative where the gateway answered itself: two look-ups a request.
  const tallies = new Map<string, Map<number, number>>()
  const simple = (name: string, help: string, read: () => number): Gauge =>
    metrics.gauge(name, help, [], (gauge) => gauge.set(read()))
  simple('soa_gateway_connections', 'Open connections of clients', gauges.connections)
  simple('soa_gateway_tunnels', 'Open WebSockets', gauges.tunnels)
  simple('soa_gateway_origins', 'Upstream origins with a connection pool', gauges.origins)
  // Before the counter: a scrape collects in the order of registration, and this moves the tallies into it.
  metrics.gauge('soa_gateway_routes', 'Rules served', [], (gauge) => {
    gauge.set(gauges.routes())
    flush()
  })
  const requests = metrics.counter('soa_gateway_requests_total', 'Requests by service, status and who answered', [
    'service',
    'code',
    'source',
  ])
  const seconds = metrics.histogram(
    'soa_gateway_request_seconds',
    'From head to end of a routed request',
    LATENCY_BUCKETS,
  )
  const refusals = metrics.counter('soa_gateway_refusals_total', 'Requests refused before they had a route', ['reason'])
  const retries = metrics.counter('soa_gateway_upstream_retries_total', 'Requests sent to an upstream once more')

  function add(service: string, status: number): void {
    const own = tallies.get(service)
    if (own === undefined) tallies.set(service, new Map([[status, 1]]))
    else own.set(status, (own.get(status) ?? 0) + 1)
  }

  function flush(): void {
    for (const [service, counts] of tallies) {
      for (const [status, count] of counts) {
        if (count > 0) requests.inc(labelsOf(service, status), count)
        counts.set(status, 0)
      }
    }
  }

  return {
    over(service, status, byGateway, took) {
      add(service, byGateway ? -status : status)
      seconds.observe(took)
    },
    refused(reason, status) {
      add(NO_SERVICE, -status)
      refusals.inc({ reason })
    },
    retried: () => retries.inc(),
    forget(service) {
      flush()
      const counts = tallies.get(service)
      tallies.delete(service)
      if (counts === undefined) return
      for (const status of counts.keys()) requests.remove(labelsOf(service, status))
    },
  }
}

function labelsOf(service: string, status: number) {
  return { service, code: String(Math.abs(status)), source: status < 0 ? 'gateway' : 'upstream' }
}
