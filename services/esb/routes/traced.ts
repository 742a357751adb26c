import { childOf } from '#lib/trace.ts'
import type { Delivery } from '../mediations/plan.ts'

/**
 * The delivery with the trace of its message gone on by one hop: receivers find the bus between the sender and themselves.
 * A message without a trace begins one.
 */
export function traced(delivery: Delivery, random: () => number): Delivery {
  const { traceparent, tracestate, ...others } = delivery.headers
  const context = childOf(typeof traceparent === 'string' ? traceparent : undefined, random)
  // What vendors say of a trace belongs to that trace.
  const kept = {
    traceparent: context.traceparent,
    ...(context.isContinued && tracestate !== undefined && { tracestate }),
  }
  const { to } = delivery
  if (to.kind !== 'service') return { ...delivery, headers: { ...others, ...kept } }
  const { traceparent: _parent, tracestate: _state, ...rest } = to.request.headers
  const state = 'tracestate' in kept ? { tracestate: String(kept.tracestate) } : {}
  const headers = { ...rest, traceparent: context.traceparent, ...state }
  return { ...delivery, to: { ...to, request: { ...to.request, headers } } }
}
