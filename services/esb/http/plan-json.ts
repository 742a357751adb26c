import type { Address, Delivery, Plan, ServiceRequest, StepTrace } from '../mediations/plan.ts'
import { shownBody } from './shown.ts'

const MAX_BODY_BYTES = 64 * 1024

/** What a dry run would have called, and whether it did. */
export interface DryCall {
  readonly method: string
  readonly service: string
  readonly path: string
  readonly called: boolean
}

/** A plan as operators read it. `Unknown`: it hangs on the answer of a service that was not called. */
export function planAsJson(plan: Plan, wasNotCalled: boolean): object {
  return { steps: plan.trace.map(stepAsJson), ...outcomeOf(plan, wasNotCalled) }
}

function stepAsJson({ step, kind, seconds, did, value }: StepTrace): object {
  return { step, kind, did, milliseconds: Math.round(seconds * 1e6) / 1_000, ...(value !== undefined && { value }) }
}

function outcomeOf(plan: Plan, wasNotCalled: boolean): object {
  switch (plan.outcome) {
    case 'deliver': {
      const remember = plan.remember && { remember: plan.remember }
      return { outcome: 'Deliver', deliveries: plan.deliveries.map(deliveryAsJson), ...remember }
    }
    case 'drop':
      return { outcome: 'Drop', reason: plan.reason, step: plan.step }
    case 'hold':
      return { outcome: 'Hold', group: plan.group }
    case 'fail': {
      const { class: kind, ...failure } = plan.failure
      if (wasNotCalled) return { outcome: 'Unknown', detail: failure.message, step: failure.step }
      return { outcome: 'Fail', failure: { ...failure, retried: kind === 'Transient' } }
    }
    default:
      return plan satisfies never
  }
}

function deliveryAsJson(delivery: Delivery): object {
  const { id, to, tap, body: _body, contentType, type, correlationId, headers } = delivery
  const said = { contentType, type, correlationId }
  const told = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  return { id, to: addressAsJson(to), ...told, headers, ...shownBody(delivery, MAX_BODY_BYTES), ...(tap && { tap }) }
}

function addressAsJson(to: Address): object {
  if (to.kind !== 'service') return to
  const { serviceName, method, path, headers } = to.request
  return { kind: to.kind, service: serviceName, method, path, headers }
}

export function callAsJson({ method, serviceName, path }: ServiceRequest, called: boolean): DryCall {
  return { method, service: serviceName, path, called }
}
