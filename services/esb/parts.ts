import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock } from '#lib/clock.ts'
import { createDiscovery } from '#lib/discovery-client.ts'
import { createFeed, type Feed } from '#lib/feed-client.ts'
import { httpPart } from '#lib/http.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Part } from '#lib/run.ts'
import { openBroker } from './broker.ts'
import type { EsbConfig } from './config.ts'
import { esbApi } from './http.ts'

export interface EsbEnv {
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
  /** Reasons not to be ready, of the whole process. */
  readonly unready: () => readonly string[]
}

export interface Esb {
  readonly parts: readonly Part[]
  readonly url: () => string
}

/** model (by feed) + endpoints (by discovery) → routes at work on the broker; HTTP beside them. */
export function esb(config: EsbConfig, env: EsbEnv): Esb {
  const { log, metrics, random, unready } = env
  const broker = openBroker(config.amqpUrl, { log, metrics, random })
  const discovery = createDiscovery({ registryUrl: () => config.registryUrl, log, random })
  const feed: Feed = createFeed({
    slice: 'esb',
    controllerUrl: () => config.controllerUrl,
    token: config.controlToken,
    replica: `${hostname()}_${randomUUID()}`,
    url: () => config.advertisedUrl ?? api.url(),
    apply: () => {},
    ...{ log, random },
  })
  const api = httpPart('esb', esbApi({ version: feed.version, isStale: feed.isStale, log, metrics, unready }), {
    host: config.host,
    port: config.port,
  })
  return { parts: [api, ...broker.parts, discovery, feed], url: api.url }
}
