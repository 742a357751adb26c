import type { Refusal } from './answers/refusal.ts'
import type { LimitSubject } from './limits/contract.ts'
import type { GatewayRequest } from './request/read.ts'

/**
 * What is asked of a request between its route and its upstream, in this order whatever the order in policies. A refusal
 * takes nothing from the places after it. Before the first come parsing, normalisation and routing (front/).
 */
export const PLACES = [
  'preflight', // CORS: browsers send it without credentials, so it must be answered before they are asked for
  'ipAccess', // the cheapest no
  'bodySize', // a declared length needs no reading
  'clientLimits', // by address, where authentication follows: guessing credentials is counted too
  'authentication',
  'authorization',
  'limits', // all others together, so that a refusal by one takes nothing from the rest
  'concurrency', // only what is admitted holds a slot
  'headers', // last: edits are for upstream, not for the checks above
] as const

export type Place = (typeof PLACES)[number]

/** What stages see of a request, and what they leave for its response. */
export interface Passage {
  readonly request: GatewayRequest
  readonly subject: LimitSubject
  /** Response fields so far, flat; stages add theirs. */
  readonly responseFields: string[]
}

/** One check of one policy at its place: refuses or lets pass, at once where it can. */
export interface Stage {
  readonly place: Place
  readonly judge: (passage: Passage) => Refusal | undefined | Promise<Refusal | undefined>
}

/** The stages of a route in the order of PLACES; equal places keep their order. */
export function inOrder(stages: readonly Stage[]): readonly Stage[] {
  return stages.toSorted((a, b) => PLACES.indexOf(a.place) - PLACES.indexOf(b.place))
}

/** Runs the stages until the first refusal; answers at once, not by a promise, when no stage has to wait. */
export function judge(
  stages: readonly Stage[],
  passage: Passage,
  from = 0,
): Refusal | undefined | Promise<Refusal | undefined> {
  for (let i = from; i < stages.length; i++) {
    const verdict = (stages[i] as Stage).judge(passage)
    if (verdict === undefined) continue
    if (!(verdict instanceof Promise)) return verdict
    return verdict.then((refusal) => refusal ?? judge(stages, passage, i + 1))
  }
  return undefined
}
