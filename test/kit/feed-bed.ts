import { afterEach } from 'vitest'
import { createHub, type Hub } from '#controller/publish/hub.ts'
import { systemClock } from '#lib/clock.ts'
import { createFeed, type Feed, type FeedOptions } from '#lib/feed-client.ts'
import { controlApp, httpPart } from '#lib/http.ts'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import type { GatewayEntry } from '#lib/model/gateway.ts'
import type { Model } from '#lib/model/slice.ts'
import { createLife, type Life } from '#lib/run.ts'
import { wsPart } from '#lib/ws.ts'
import { quietLog } from './quiet.ts'

/** A controller as far as replicas see it: its hub, behind a real socket. */
export interface FeedController {
  readonly hub: Hub
  readonly url: () => string
  readonly life: Life
  readonly metrics: Metrics
}

export interface FeedBed {
  readonly controller: (options?: { readonly port?: number; readonly lostGraceMs?: number }) => Promise<FeedController>
  /** The product's feed client, for the gateway's slice. */
  readonly replica: (
    url: () => string,
    apply?: FeedOptions<'gateway'>['apply'],
    options?: { readonly id?: string; readonly token?: string } & Pick<FeedOptions<'gateway'>, 'refused'>,
  ) => Promise<Feed>
}

/** Both ends of the feed, which stop with the test; call it once in the file. */
export function feedBed(): FeedBed {
  const lives: Life[] = []
  afterEach(async () => {
    for (const life of lives.splice(0).reverse()) await life.stop(3_000)
  })

  async function controller({ port = 0, lostGraceMs = 30_000 } = {}): Promise<FeedController> {
    const metrics = createMetrics({ process: false })
    const hub = createHub({
      clock: systemClock,
      log: quietLog(),
      metrics,
      refuse: ({ headers }) => (headers.authorization === 'Bearer t' ? undefined : 401),
      elsewhere: () => [],
      lostGraceMs,
    })
    const api = httpPart('api', controlApp({ metrics, unready: () => [] }), { host: '127.0.0.1', port })
    const life = createLife([api, wsPart('feed', api.server, hub.routes)])
    await life.start()
    lives.push(life)
    return { hub, url: api.url, life, metrics }
  }

  const replica: FeedBed['replica'] = async (url, apply = () => {}, { id = 'r1', token = 't', ...more } = {}) => {
    const feed = createFeed({
      slice: 'gateway',
      controllerUrl: url,
      token,
      replica: id,
      url: () => `http://${id}`,
      apply,
      log: quietLog(),
      random: Math.random,
      backoff: { baseMs: 20, maxMs: 100 },
      ...more,
    })
    const life = createLife([feed])
    await life.start()
    lives.push(life)
    return feed
  }

  return { controller, replica }
}

/** A model with one gateway entry for each name. */
export function modelOf(...objects: readonly string[]): Model {
  const entry = (object: string): GatewayEntry => ({
    uid: object,
    namespace: 'd',
    object,
    name: object,
    endpointsRev: 'r',
    hostnames: [],
    routes: [],
    limits: [],
    createdAt: '1',
  })
  return { registry: new Map(), esb: new Map(), gateway: new Map(objects.map((each) => [each, entry(each)])) }
}
