import type { Clock } from '#lib/clock.ts'
import type { Request } from '#lib/http.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Broker } from '../broker.ts'
import type { EsbConfig } from '../config.ts'
import type { Ports } from '../mediations/plan.ts'
import type { Tools } from '../mediations/tools.ts'
import type { RunningRoutes } from '../routes/running.ts'
import type { Declarer } from '../topology/declarer.ts'

/** What the HTTP side of the bus is made of. */
export interface ApiDeps {
  readonly config: Pick<EsbConfig, 'namespace' | 'maxMessageBytes' | 'confirmTimeoutMs' | 'controlToken'>
  readonly running: RunningRoutes
  readonly broker: Pick<Broker, 'publishing' | 'consuming'>
  /** Declares what the bus has on the broker beside its routes. */
  readonly base: Declarer['base']
  readonly depth: Declarer['depth']
  readonly expressions: Tools['expressions']
  /** Calls a service in earnest: for a dry run that is told to. */
  readonly call: Ports['call']
  readonly version: () => string | undefined
  readonly isStale: () => boolean
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly unready: () => readonly string[]
}

/** A part of the path, decoded. */
export function partOf(request: Request, name: string): string {
  return request.params[name] as string
}

/** A whole number from a query; undefined when it is none of the range. */
export function wholeIn(
  text: string | undefined,
  fallback: number,
  [min, max]: readonly [number, number],
): number | undefined {
  const number = text === undefined ? fallback : Number(text)
  return Number.isInteger(number) && number >= min && number <= max ? number : undefined
}
