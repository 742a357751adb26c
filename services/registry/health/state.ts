import type { EndpointHealth } from '#lib/model/health.ts'
import type { HealthCheck } from '#lib/model/registry.ts'

/** What probes have shown of one endpoint so far. */
export interface ProbeState {
  readonly health: EndpointHealth['health']
  /** The last outcome, and how often in a row it came. */
  readonly last?: Outcome
  readonly streak: number
}

export type Outcome = 'pass' | 'fail'

export const UNPROBED: ProbeState = { health: 'unknown', streak: 0 }

/**
 *   unknown ──healthyAfter passes──► healthy ◄──┐ healthyAfter passes
 *      │                                │       │
 *      └──unhealthyAfter fails──►  unhealthy ───┘   unhealthyAfter fails lead down; one other outcome starts the count anew
 */
export function nextHealth(
  { health, last, streak }: ProbeState,
  outcome: Outcome,
  { healthyAfter, unhealthyAfter }: Pick<HealthCheck, 'healthyAfter' | 'unhealthyAfter'>,
): ProbeState {
  const inARow = outcome === last ? streak + 1 : 1
  const needed = outcome === 'pass' ? healthyAfter : unhealthyAfter
  const reached = outcome === 'pass' ? 'healthy' : 'unhealthy'
  // Capped, so that equal states are equal values.
  return { health: inARow >= needed ? reached : health, last: outcome, streak: Math.min(inARow, needed) }
}
