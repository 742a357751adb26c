import type { MessageRouteEntry } from '#lib/model/esb.ts'
import type { Mediation } from '../mediations/plan.ts'

/** One route at work in this replica. */
export interface RunningRoute {
  /** `namespace/object`. */
  readonly key: string
  readonly entry: MessageRouteEntry
  readonly mediation: Mediation
  /** What it consumes; whoever sends to it goes over `soa.resume`, whose keys are the names of queues. */
  readonly queue: string
  /** Why it does not take messages; undefined when it does. */
  readonly unready: () => string | undefined
  readonly inHand: () => { readonly count: number; readonly oldestMs: number }
}

/** The routes of this replica, by key; replaced whole at each version of the model. */
export type RunningRoutes = () => ReadonlyMap<string, RunningRoute>
