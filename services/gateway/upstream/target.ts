import { type ServiceHealth, usable } from '#lib/model/health.ts'
import type { Origin, Origins } from './origins.ts'

/** Where one request can be sent. */
export interface UpstreamEndpoint {
  readonly instance: string
  readonly origin: Origin
  /** Of the endpoint's URL, without a trailing slash: goes before every path. */
  readonly basePath: string
}

/** One Service as it can be reached now; keeps its identity and its turn while routes to it come and go. */
export interface Target {
  readonly key: string
  /** The next usable endpoint in turn, not `except` if there is another; undefined when there is none. */
  readonly next: (except?: UpstreamEndpoint) => UpstreamEndpoint | undefined
  /** Takes over what discovery says: from now on nothing new is sent to what is no longer there or sick. */
  readonly update: (service: ServiceHealth | undefined) => void
  readonly endpoints: () => readonly UpstreamEndpoint[]
  readonly close: () => void
}

export function createTarget(key: string, origins: Origins): Target {
  let endpoints: readonly UpstreamEndpoint[] = []
  let turn = 0

  function replace(next: readonly UpstreamEndpoint[]): void {
    const last = endpoints
    endpoints = next
    // Released after the new ones are held, so that pools of endpoints that stay are never closed.
    for (const { origin } of last) origins.release(origin)
  }

  return {
    key,
    next(except) {
      if (endpoints.length === 0) return undefined
      turn = turn + 1 >= endpoints.length ? 0 : turn + 1
      const chosen = endpoints[turn] as UpstreamEndpoint
      if (chosen !== except || endpoints.length === 1) return chosen
      return endpoints[turn + 1 >= endpoints.length ? 0 : turn + 1]
    },
    update(service) {
      replace(usable(service?.endpoints ?? []).map(({ instance, url }) => endpointAt(instance, url, origins)))
    },
    endpoints: () => endpoints,
    close: () => replace([]),
  }
}

function endpointAt(instance: string, url: string, origins: Origins): UpstreamEndpoint {
  const { origin, pathname } = new URL(url)
  return { instance, origin: origins.retain(origin), basePath: pathname === '/' ? '' : pathname.replace(/\/$/, '') }
}
