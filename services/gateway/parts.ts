import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { createDiscovery } from '#lib/discovery-client.ts'
import { SoaError } from '#lib/error.ts'
import { createFeed, type Feed } from '#lib/feed-client.ts'
import { httpPart } from '#lib/http.ts'
import type { ServiceEnv } from '#lib/main.ts'
import { readiness } from '#lib/readiness.ts'
import type { Part } from '#lib/run.ts'
import { wsPart } from '#lib/ws.ts'
import type { GatewayConfig } from './config.ts'
import { createFailures } from './failures.ts'
import { dataServer } from './front/data-server.ts'
import { gatewayFront } from './front/front.ts'
import { controlApi } from './http.ts'
import { createLimiter } from './limits/limiter.ts'
import { gatewayMetrics } from './metrics.ts'
import { type Trust, trustOf } from './request/client.ts'
import { createServing } from './serving.ts'
import type { ExchangeEnv } from './upstream/exchange.ts'
import { createOrigins } from './upstream/origins.ts'
import { createTunnels } from './upstream/tunnel.ts'

export interface Gateway {
  readonly parts: readonly Part[]
  readonly url: () => string
  readonly controlUrl: () => string
}

/** model + endpoints → table → front → pipeline → upstream; the limiter beside it shares counters with the other replicas. */
export function gateway(config: GatewayConfig, env: ServiceEnv): Gateway {
  const { log, metrics, clock, random, unready } = env
  const replica = `${hostname()}_${randomUUID()}`
  const failures = createFailures(log, clock)
  const origins = createOrigins({ ...config, maxConnections: config.maxUpstreamConnections })
  const tunnels = createTunnels()
  const discovery = createDiscovery({ registryUrl: () => config.registryUrl, log, random })
  const feed: Feed = createFeed({
    slice: 'gateway',
    controllerUrl: () => config.controllerUrl,
    token: config.controlToken,
    replica,
    url: () => config.advertisedUrl ?? control.url(),
    apply: (slice) => serving.apply(slice),
    log,
    random,
  })
  const limits = createLimiter({
    ...{ replica, peers: feed.peers, token: config.controlToken, log, metrics, clock, random },
    settings: config,
  })
  const serving = createServing({
    ...{ discovery, origins, limiter: limits.limiter },
    onGone(service) {
      failures.forget(service)
      measured.forget(service)
    },
  })
  const measured = gatewayMetrics(metrics, {
    connections: () => data.connections(),
    tunnels: tunnels.size,
    origins: origins.size,
    routes: () => serving.table().rules.length,
  })
  const exchange: ExchangeEnv = {
    maxInFlight: config.maxInFlight,
    writeStallMs: config.writeStallMs,
    isDraining: () => data.isDraining(),
    retried: measured.retried,
    failed: ({ key }, reason, error) => failures.tell(key, reason, error),
    over: ({ key }, status, byGateway, startedAt) =>
      measured.over(key, status, byGateway, (clock.monotonic() - startedAt) / 1_000),
  }
  const isFilled = () => serving.isFilled() && discovery.unready?.() === undefined
  const front = gatewayFront({
    ...{ table: serving.table, isFilled, trust: trustIn(config), exchange, tunnels, clock, log },
    refused: ({ reason, status }) => measured.refused(reason, status),
    stopped: ({ serve }, { status }, startedAt) =>
      measured.over(serve.target.key, status, true, (clock.monotonic() - startedAt) / 1_000),
  })
  const data = dataServer(front, tunnels, config)
  const version = () => feed.version()
  const control = httpPart(
    'gateway control API',
    controlApi({ serving, version, isStale: feed.isStale, log, metrics, unready }),
    { host: config.host, port: config.controlPort },
  )
  const upstreams: Part = {
    name: 'upstreams',
    start() {},
    async stop() {
      serving.close()
      await origins.close()
    },
  }
  // Stopped from the end: intake first, then the counters are handed over while peers can still be answered.
  const parts = [
    control,
    wsPart('limits', control.server, limits.routes),
    ...limits.parts,
    upstreams,
    discovery,
    feed,
    data,
    readiness(feed, [feed, discovery]),
  ]
  return { parts, url: data.url, controlUrl: control.url }
}

function trustIn({ trustedCidrs }: GatewayConfig): Trust {
  try {
    return trustOf(trustedCidrs)
  } catch (cause) {
    throw new SoaError('SOA_CONFIG_INVALID', `SOAPLANE_TRUSTED_CIDRS: ${(cause as Error).message}`)
  }
}
