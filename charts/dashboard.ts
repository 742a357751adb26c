/** The Grafana dashboard, told by rows of panels; files/dashboard.json is made of it. */

interface Panel {
  readonly title: string
  /** Grafana's name of it: reqps, s, percentunit, bytes, short … */
  readonly unit: string
  /** Query and legend of each. */
  readonly queries: readonly (readonly [expr: string, legend: string])[]
}

interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

const byInstance = (metric: string) => [`sum by (instance) (${metric})`, '{{instance}}'] as const
const quantile = (q: number, metric: string) =>
  `histogram_quantile(${q}, sum by (le) (rate(${metric}_bucket[$__rate_interval])))`
const rate = (metric: string, by: string) => `sum by (${by}) (rate(${metric}[$__rate_interval]))`

const gateway: Row = {
  title: 'Gateway',
  panels: [
    panel('Requests', 'reqps', [rate('soa_gateway_requests_total', 'service'), '{{service}}']),
    panel('Answers by status', 'reqps', [rate('soa_gateway_requests_total', 'code, source'), '{{code}} by {{source}}']),
    panel(
      'Latency',
      's',
      [quantile(0.5, 'soa_gateway_request_seconds'), 'p50'],
      [quantile(0.95, 'soa_gateway_request_seconds'), 'p95'],
      [quantile(0.99, 'soa_gateway_request_seconds'), 'p99'],
    ),
    panel('Rate limits', 'reqps', [
      rate('soa_gateway_ratelimit_decisions_total', 'policy, decision'),
      '{{policy}} {{decision}}',
    ]),
    panel(
      'Limits decided without the owner, and overflows',
      'reqps',
      [rate('soa_gateway_ratelimit_unasked_total', 'policy'), '{{policy}} unasked'],
      [rate('soa_gateway_ratelimit_overflows_total', 'policy'), '{{policy}} overflow'],
    ),
    panel('Asking the owner of a counter', 's', [quantile(0.99, 'soa_gateway_ratelimit_peer_seconds'), 'p99']),
    panel(
      'Connections',
      'short',
      ['sum(soa_gateway_connections)', 'clients'],
      ['sum(soa_gateway_tunnels)', 'WebSockets'],
      ['sum(soa_gateway_origins)', 'upstream origins'],
    ),
    panel(
      'Refused before routing, and retries',
      'reqps',
      [rate('soa_gateway_refusals_total', 'reason'), '{{reason}}'],
      ['sum(rate(soa_gateway_upstream_retries_total[$__rate_interval]))', 'retries'],
    ),
    panel('Rules served', 'short', byInstance('soa_gateway_routes')),
  ],
}

const esb: Row = {
  title: 'Enterprise service bus',
  panels: [
    panel(
      'Messages',
      'ops',
      [rate('soa_esb_messages_in_total', 'route'), '{{route}} in'],
      ['sum(rate(soa_esb_messages_out_total[$__rate_interval]))', 'out'],
    ),
    panel(
      'Tried again, and given up',
      'ops',
      [rate('soa_esb_messages_retried_total', 'route, reason'), '{{route}} {{reason}}, again'],
      [rate('soa_esb_messages_dead_total', 'route, reason'), '{{route}} {{reason}}, dead'],
    ),
    panel('Dropped by steps', 'ops', [
      rate('soa_esb_messages_filtered_total', 'route, reason'),
      '{{route}} {{reason}}',
    ]),
    panel(
      'From receipt to settling',
      's',
      [quantile(0.5, 'soa_esb_hop_seconds'), 'p50'],
      [quantile(0.99, 'soa_esb_hop_seconds'), 'p99'],
    ),
    panel('Slowest steps', 's', [
      'topk(10, histogram_quantile(0.99, sum by (le, route, step) (rate(soa_esb_step_seconds_bucket[$__rate_interval]))))',
      '{{route}} {{step}} p99',
    ]),
    panel('Waiting for their route', 'short', [
      'max by (queue) (soa_esb_depth{queue=~"soa[.](route|single)[.].*"})',
      '{{queue}}',
    ]),
    panel('In hand', 'short', ['sum by (route) (soa_esb_in_flight)', '{{route}}']),
    panel('Oldest in hand', 's', ['max by (route) (soa_esb_oldest_in_flight_seconds)', '{{route}}']),
    panel('Dead letters and unroutable', 'short', [
      'max by (queue) (soa_esb_depth{queue=~"soa[.](dlq[.].*|unroutable)"})',
      '{{queue}}',
    ]),
    panel(
      'Waiting for another try',
      'short',
      ['max by (queue) (soa_esb_depth{queue=~"soa[.]delay[.][0-9]+"})', '{{queue}}'],
      [
        'sum(rabbitmq_detailed_queue_messages{queue=~"soa[.]delay[.][0-9]+"} - rabbitmq_detailed_queue_messages_ready - rabbitmq_detailed_queue_messages_unacked)',
        'sent back, not confirmed',
      ],
    ),
  ],
}

const registry: Row = {
  title: 'Registry',
  panels: [
    panel('Services', 'short', byInstance('soa_registry_services')),
    panel('Endpoints', 'short', ['max by (health) (soa_registry_endpoints)', '{{health}}']),
    panel('Requests', 'reqps', [rate('soa_registry_http_requests_total', 'route, code'), '{{route}} {{code}}']),
    panel(
      'Latency',
      's',
      [quantile(0.99, 'soa_registry_discover_seconds'), 'discover p99'],
      [quantile(0.99, 'soa_registry_register_visible_seconds'), 'registered until visible p99'],
    ),
    panel('Watchers', 'short', byInstance('soa_registry_watchers')),
    panel('Health probes', 'ops', [rate('soa_registry_probes_total', 'outcome'), '{{outcome}}']),
    panel('Age of the copy', 's', byInstance('soa_registry_stale_seconds')),
    panel('Leases', 's', [quantile(0.99, 'soa_registry_lease_expiry_lag_seconds'), 'expiry until withdrawal p99']),
    panel('Evictions held by the guard', 'short', ['max by (service) (soa_registry_evictions_held)', '{{service}}']),
  ],
}

const controller: Row = {
  title: 'Controller',
  panels: [
    panel('Leader', 'short', ['max by (instance) (leader_election_master_status)', '{{instance}}']),
    panel('Resources by readiness', 'short', [
      'sum by (kind, status) (max by (kind, namespace, name, status) (soa_status_condition{type="Ready"}))',
      '{{kind}} Ready={{status}}',
    ]),
    panel('Replicas of the data plane', 'short', ['sum by (slice) (soa_controller_replicas)', '{{slice}}']),
    panel('Publications', 'ops', [rate('soa_controller_publications_total', 'slice'), '{{slice}}']),
    panel('Status writes', 'ops', [rate('soa_controller_status_writes_total', 'kind, result'), '{{kind}} {{result}}']),
    panel(
      'Work',
      's',
      [quantile(0.99, 'workqueue_queue_duration_seconds'), 'waiting p99'],
      [quantile(0.99, 'workqueue_work_duration_seconds'), 'at work p99'],
    ),
    panel('Last word of the API server', 's', [
      'max by (kind) (soa_controller_watch_contact_age_seconds)',
      '{{kind}}, seconds ago',
    ]),
    panel('Watches ended', 'ops', [rate('soa_controller_watch_ends_total', 'kind, end'), '{{kind}} {{end}}']),
    panel('Requests to the API server', 'reqps', [
      rate('rest_client_requests_total', 'method, code'),
      '{{method}} {{code}}',
    ]),
  ],
}

const broker: Row = {
  title: 'RabbitMQ',
  panels: [
    panel(
      'Messages waiting',
      'short',
      ['sum(rabbitmq_queue_messages_ready)', 'ready'],
      ['sum(rabbitmq_queue_messages_unacked)', 'with consumers'],
    ),
    panel('Connections', 'short', ['sum(rabbitmq_connections)', 'connections'], ['sum(rabbitmq_channels)', 'channels']),
    panel('Memory', 'bytes', byInstance('rabbitmq_process_resident_memory_bytes')),
  ],
}

const processes: Row = {
  title: 'Processes',
  panels: [
    panel('Memory', 'bytes', byInstance('process_resident_memory_bytes')),
    panel('CPU', 'short', [rate('process_cpu_seconds_total', 'instance'), '{{instance}}']),
    panel('Event loop lag', 's', ['max by (instance) (nodejs_eventloop_lag_p99_seconds)', '{{instance}} p99']),
  ],
}

/** As Grafana imports it. */
export function dashboard(): object {
  return {
    title: 'Soaplane',
    uid: 'soaplane',
    tags: ['soaplane'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    panels: laidOut([gateway, esb, registry, controller, broker, processes]),
  }
}

function panel(title: string, unit: string, ...queries: Panel['queries']): Panel {
  return { title, unit, queries }
}

const HEIGHT = 8
const WIDTH = 8
const A_LINE = 24

function laidOut(rows: readonly Row[]): readonly object[] {
  const panels: object[] = []
  let y = 0
  for (const { title, panels: own } of rows) {
    panels.push({ id: panels.length + 1, type: 'row', title, gridPos: { x: 0, y, w: A_LINE, h: 1 }, panels: [] })
    y += 1
    own.forEach((each, index) => {
      const x = (index * WIDTH) % A_LINE
      panels.push(timeSeries(each, panels.length + 1, { x, y, w: WIDTH, h: HEIGHT }))
      if (x + WIDTH === A_LINE || index === own.length - 1) y += HEIGHT
    })
  }
  return panels
}

function timeSeries({ title, unit, queries }: Panel, id: number, gridPos: object): object {
  const datasource = { type: 'prometheus', uid: '$datasource' }
  return {
    id,
    type: 'timeseries',
    title,
    datasource,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(([expr, legendFormat], index) => {
      return { refId: String.fromCharCode(65 + index), datasource, expr, legendFormat }
    }),
  }
}
