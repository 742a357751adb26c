import type { EndpointHealth } from '#lib/model/health.ts'
import type { Endpoint, HealthCheck } from '#lib/model/registry.ts'
import type { ProbeState } from './state.ts'

export interface Evidence {
  readonly endpoint: Endpoint
  readonly check: HealthCheck | undefined
  readonly probe: ProbeState
  readonly isWithdrawn: boolean
}

export interface Verdict {
  readonly health: EndpointHealth['health']
  /** CamelCase and stable; absent where nothing needs saying. */
  readonly reason?: 'LeaseExpired' | 'NotReady' | 'ProbeFailed'
}

/** What to tell of an endpoint; the first that speaks decides. */
export function verdictOf({ endpoint, check, probe, isWithdrawn }: Evidence): Verdict {
  // Its owner no longer says that it lives, whatever answers at its address.
  if (isWithdrawn) return { health: 'unhealthy', reason: 'LeaseExpired' }
  // Kubernetes knows of shutdowns and gates that a probe does not see.
  if (endpoint.ready === false) return { health: 'unhealthy', reason: 'NotReady' }
  if (check !== undefined)
    return { health: probe.health, ...(probe.health === 'unhealthy' && { reason: 'ProbeFailed' as const }) }
  return { health: endpoint.ready === true ? 'healthy' : 'unknown' }
}
