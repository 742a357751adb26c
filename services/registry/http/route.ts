import { problem, type Request, type RequestHandler, type Response } from '#lib/http.ts'
import type { Operation as Served } from '#lib/http-operations.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Authorize } from '../auth.ts'
import type { RegistryConfig } from '../config.ts'
import type { Directory } from '../directory/directory.ts'
import type { SoftState } from '../inventory/page.ts'
import type { Leases } from '../leases/leases.ts'
import type { Spread } from '../leases/spread.ts'
import type { Registrar } from '../registration/registrar.ts'
import type { Staleness } from '../staleness.ts'
import type { Hub } from '../watch/hub.ts'
import type { Operation } from './operation.ts'

/** An operation that is documented: `/openapi.json` is made of these, so that none can be left out. */
export interface Route extends Served {
  readonly operation: Operation
}

export interface ApiDeps {
  readonly config: RegistryConfig
  readonly directory: Directory
  readonly hub: Hub
  readonly leases: Pick<Leases, 'renew'>
  readonly spread: Pick<Spread, 'heard'>
  readonly soft: SoftState
  readonly registrar: Registrar
  readonly staleness: Staleness
  readonly authorize: Authorize
  /** Renews a lease here and at the peers; false when there is none. */
  readonly renew: (key: string, instance: string) => boolean
  readonly onStaleServe: () => void
  /** A watcher that had fallen too far behind was cut. */
  readonly onDropped: () => void
  readonly random: () => number
  readonly log: Log
  readonly metrics: Metrics
  readonly unready: () => readonly string[]
}

/** Tells of the copy that the answer is from: its index, and its age when the controller is out of reach. */
export function ofCopy({ hub, staleness, onStaleServe }: ApiDeps): RequestHandler {
  return (_request, response, next) => {
    const seconds = staleness.seconds()
    response.setHeader('Soaplane-Index', hub.index())
    if (seconds !== undefined) {
      response.setHeader('Soaplane-Stale', seconds)
      onStaleServe()
    }
    next()
  }
}

/** Refuses while nothing is known: a registry that has no copy yet must not say that a service does not exist. */
export function filled({ directory }: ApiDeps, refuse: (response: Response, why: string) => void): RequestHandler {
  return (_request, response, next) => {
    if (directory.isFilled()) return next()
    response.setHeader('Retry-After', 1)
    refuse(response, 'The registry has no copy of the model yet; try again in a second')
  }
}

export function unavailable(response: Response, detail: string): void {
  problem(response, 503, 'Service Unavailable', { detail })
}

/** The `:name` of a path: a registry name. */
export function nameIn(request: Request): string {
  return request.params.name as string
}
