import { createExpressions } from '#lib/expression.ts'
import { createSchemas } from '#lib/json-schema.ts'
import type { Destination, MessageRouteEntry, RouteStep } from '#lib/model/esb.ts'
import { createMediation } from '#services/esb/mediations/mediation.ts'
import type { Message } from '#services/esb/mediations/message.ts'
import type { Delivery, Mediation, Plan, Ports, ServiceAnswer } from '#services/esb/mediations/plan.ts'

/** The real ones: plans are compared as the bus makes them. */
export const tools = { expressions: createExpressions(), schemas: createSchemas() }

export const toQueue = (queue: string): Destination => ({ kind: 'queue', queue, format: 'AsReceived' })

/** The route `default/orders` with these steps, to queue `out` unless told otherwise. */
export function routeOf(steps: readonly RouteStep[], to: readonly Destination[] = [toQueue('out')]): MessageRouteEntry {
  return {
    ...{ uid: 'u', namespace: 'default', object: 'orders', generation: 1, http: false },
    ...{ steps, to, prefetch: 200, maxQueueBytes: 1, maxDeadLetterBytes: 1 },
    retry: { attempts: 8, baseMs: 1_000, maxMs: 300_000 },
  }
}

export function mediationOf(steps: readonly RouteStep[], to?: readonly Destination[]): Mediation {
  return createMediation(routeOf(steps, to), tools)
}

/** A message `m` as the seed's clients send them: a body, no content type. Objects are written as JSON. */
export function messageOf(body: unknown, properties: Partial<Omit<Message, 'body'>> = {}): Message {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return { id: 'm', exchange: 'esb_exchange', key: 'orders', headers: {}, ...properties, body: bytes }
}

/** A world that is never asked unless told otherwise, on a clock that stands. */
export function portsOf(changes: Partial<Ports> = {}): Ports {
  return {
    monotonic: () => 0,
    call: async ({ service }) => {
      throw new Error(`Nobody was to call ${service}`)
    },
    seen: () => {
      throw new Error('Nobody was to ask for what was seen')
    },
    withValues: false,
    ...changes,
  }
}

export function answerOf(body: unknown, contentType = 'application/json', status = 200): ServiceAnswer {
  const bytes = typeof body === 'string' ? body : JSON.stringify(body)
  return { ok: true, status, headers: { 'content-type': contentType }, body: Buffer.from(bytes) }
}

/** A plan to be compared whole: bodies as text, traces as `step: what it did`. */
export function legible(plan: Plan): unknown {
  const trace = plan.trace.map(({ step, did }) => `${step}: ${did}`)
  return textInside({ ...plan, trace })
}

export type LegibleDelivery = Omit<Delivery, 'body'> & { readonly body: string }

/** What a plan delivers, bodies as text. */
export function deliveriesOf(plan: Plan): readonly LegibleDelivery[] {
  if (plan.outcome !== 'deliver') throw new Error(`Nothing is delivered: ${JSON.stringify(plan)}`)
  return plan.deliveries.map((delivery) => ({ ...delivery, body: delivery.body.toString() }))
}

function textInside(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString()
  if (Array.isArray(value)) return value.map(textInside)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, textInside(inner)]))
}
