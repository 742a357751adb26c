import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { createFeed, type Feed } from '#lib/feed-client.ts'
import { httpPart } from '#lib/http.ts'
import type { ServiceEnv } from '#lib/main.ts'
import { readiness } from '#lib/readiness.ts'
import type { Part } from '#lib/run.ts'
import { wsPart } from '#lib/ws.ts'
import { createAuthorize } from './auth.ts'
import type { RegistryConfig } from './config.ts'
import { registryApi } from './http/api.ts'
import type { ApiDeps } from './http/route.ts'
import { watchSocket } from './http/watch.ts'
import { createReaper } from './leases/reaper.ts'
import { createSpread } from './leases/spread.ts'
import { registryMetrics } from './metrics.ts'
import { createRegistrar } from './registration/registrar.ts'
import { createStore } from './registration/store.ts'
import { createSoftState } from './soft-state.ts'
import { createStaleness } from './staleness.ts'
import { openTokenReview } from './token-review.ts'
import { createHub } from './watch/hub.ts'

export interface Registry {
  readonly parts: readonly Part[]
  readonly url: () => string
}

/**
 * The model (by feed) and soft state (probes, leases) → one view → discover, inventory, watch.
 * Registrations take the long way: through the controller into the model, and are answered once they show in the view.
 */
export async function registry(config: RegistryConfig, env: ServiceEnv): Promise<Registry> {
  const { log, metrics, clock, random } = env
  const replica = `${hostname()}_${randomUUID()}`
  const { reviewToken, parts: tokenReview } = await openTokenReview(config, metrics)
  const authorize = createAuthorize(config, { reviewToken, clock, log })

  const soft = createSoftState(config, env, {
    isDeaf: () => spread.isDeaf(),
    reap: (key, instance) => reaper(key, instance),
  })
  const { directory, leases } = soft
  const feed: Feed = createFeed({
    slice: 'registry',
    controllerUrl: () => config.controllerUrl,
    token: config.controlToken,
    replica,
    url: () => config.advertisedUrl ?? api.url(),
    apply: directory.apply,
    ...{ log, random },
  })
  const staleness = createStaleness(feed.isStale, clock)
  const spread = createSpread({
    self: replica,
    peers: feed.peers.current,
    token: config.controlToken,
    ...{ clock, log, metrics },
  })
  function renew(key: string, instance: string): boolean {
    const isLeased = leases.renew(key, instance)
    if (isLeased) spread.tell(key, instance)
    return isLeased
  }
  const store = createStore({ url: () => config.controllerUrl, token: config.controlToken })
  const registrar = createRegistrar({
    ...{ directory, store, renew, clock, log, metrics },
    deadlineMs: config.visibleWithinMs,
  })
  const reaper = createReaper({
    entryOf: (key) => directory.view().entries.get(key),
    ...{ registrar, isWithdrawn: leases.isWithdrawn, isStale: feed.isStale, log, metrics },
  })

  const hub = createHub({ epoch: randomUUID(), directory, maxWatchers: config.maxWatchers, metrics })
  const { onStaleServe, onDropped } = registryMetrics(metrics, directory.view, staleness)
  const deps: ApiDeps = {
    ...{ config, directory, hub, leases, spread, registrar, staleness, authorize, renew, onStaleServe, onDropped },
    ...{ soft, random, log, metrics, unready: env.unready },
  }
  const api = httpPart('registry API', registryApi(deps), config)
  // Stopped from the end: watchers are sent elsewhere, registrations in hand are shown, intake ends, then the rest.
  const parts = [
    ...tokenReview,
    store,
    soft.prober,
    leases,
    staleness,
    api,
    // Watchers have nothing to say: what they send is kept small.
    wsPart('watch sockets', api.server, [watchSocket(deps)], 1_024),
    spread,
    feed,
    registrar,
    hub,
    readiness(feed, [feed]),
  ]
  return { parts, url: api.url }
}
