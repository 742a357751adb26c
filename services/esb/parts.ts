import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { createDiscovery } from '#lib/discovery-client.ts'
import { createExpressions } from '#lib/expression.ts'
import { createFeed, type Feed } from '#lib/feed-client.ts'
import { httpPart } from '#lib/http.ts'
import { createSchemas } from '#lib/json-schema.ts'
import type { ServiceEnv } from '#lib/main.ts'
import { readiness } from '#lib/readiness.ts'
import type { Part } from '#lib/run.ts'
import { wsPart } from '#lib/ws.ts'
import { openBroker } from './broker.ts'
import { createCaller } from './calls/caller.ts'
import type { EsbConfig } from './config.ts'
import { esbApi } from './http/api.ts'
import { createMediation } from './mediations/mediation.ts'
import { esbMetrics } from './metrics.ts'
import { createRoutes } from './routes/routes.ts'
import { createDeclarer } from './topology/declarer.ts'

export interface Esb {
  readonly parts: readonly Part[]
  readonly url: () => string
}

/** Bytes: subscribers of channels listen, and have nothing to say. */
const MAX_FROM_SUBSCRIBERS = 1_024

/** model (by feed) + endpoints (by discovery) → routes at work on the broker; HTTP beside them. */
export function esb(config: EsbConfig, env: ServiceEnv): Esb {
  const { log, metrics, clock, random, unready } = env
  const broker = openBroker(config.amqpUrl, { log, metrics, random })
  const discovery = createDiscovery({ registryUrl: () => config.registryUrl, log, random })
  const feed: Feed = createFeed({
    slice: 'esb',
    controllerUrl: () => config.controllerUrl,
    token: config.controlToken,
    replica: `${hostname()}_${randomUUID()}`,
    url: () => config.advertisedUrl ?? api.url(),
    apply: (slice) => routes.apply(slice),
    refused: () => routes.refused(),
    ...{ log, random },
  })
  const declarer = createDeclarer(broker.consuming, config.instance, log)
  const expressions = createExpressions()
  const schemas = createSchemas()
  const caller = createCaller({ discovery, clock, maxAnswerBytes: config.maxMessageBytes })
  const routes = createRoutes({
    ...{ broker, declarer, clock, random, log, settings: config, call: caller.call },
    topologyIntervalMs: config.topologyIntervalMs,
    compile: (entry) => createMediation(entry, { expressions, schemas }),
    metrics: esbMetrics(metrics, () => routes.running()),
  })
  const { app, sockets, parts } = esbApi({
    ...{ config, broker, expressions, clock, log, metrics, unready, call: caller.call },
    running: routes.running,
    base: declarer.base,
    depth: declarer.depth,
    version: feed.version,
    isStale: feed.isStale,
  })
  const api = httpPart('esb', app, { host: config.host, port: config.port })
  const compilers: Part = {
    name: 'expressions',
    start() {},
    stop: async () => void (await Promise.all([expressions.stop(), schemas.stop()])),
  }
  // Stopped from the end: what waits for the broker first, then the routes, while what they have in hand can be published.
  return {
    parts: [
      ...[
        api,
        wsPart('channels', api.server, sockets, MAX_FROM_SUBSCRIBERS),
        compilers,
        caller,
        ...broker.parts,
        routes,
        discovery,
        feed,
      ],
      ...parts,
      readiness(feed, [feed, ...broker.parts, routes, ...parts]),
    ],
    url: api.url,
  }
}
