import type { Destination } from '#lib/model/esb.ts'
import { httpHeaders } from './event.ts'
import { type Formatted, formatted } from './format.ts'
import { childId, MAX_SHORT_BYTES } from './identity.ts'
import type { Address, Delivery } from './plan.ts'
import { compileRequest } from './request.ts'
import type { Workshop } from './stage.ts'
import { compileText, type TextRule } from './template.ts'
import type { Work } from './work.ts'

/** One destination of a list, compiled: makes the delivery of a message to it. At once where no template has an expression. */
export type Outlet = (work: Work) => Delivery | Promise<Delivery>

/** `label` says which list of destinations: `to`, a case of a route step, a tap. */
export function compileOutlets(
  destinations: readonly Destination[],
  label: string,
  workshop: Workshop,
): readonly Outlet[] {
  return destinations.map((destination, index) => {
    const address = compileAddress(destination, workshop)
    return (work) => {
      const id = childId(work.id, workshop.route, label, index)
      const dressed = formatted(work, destination.format, id, workshop)
      const to = address(work, id, dressed)
      return to instanceof Promise
        ? to.then((known) => delivery(work, id, known, dressed))
        : delivery(work, id, to, dressed)
    }
  })
}

function delivery({ message }: Work, id: string, to: Address, { encoded, headers }: Formatted): Delivery {
  const { type, correlationId, replyTo, timestamp } = message
  return {
    id,
    to,
    ...encoded,
    ...(type !== undefined && { type }),
    ...(correlationId !== undefined && { correlationId }),
    ...(replyTo !== undefined && { replyTo }),
    ...(timestamp !== undefined && { timestamp }),
    headers,
  }
}

type MakeAddress = (work: Work, id: string, dressed: Formatted) => Address | Promise<Address>

function compileAddress(destination: Destination, workshop: Workshop): MakeAddress {
  switch (destination.kind) {
    case 'exchange': {
      const { exchange } = destination
      const rule = { what: `The key for exchange ${exchange}`, maxBytes: MAX_SHORT_BYTES }
      return filled(destination.key, rule, workshop, (key) => ({ kind: 'exchange', exchange, key }))
    }
    case 'webSocket': {
      const rule = { what: 'The channel', maxBytes: MAX_SHORT_BYTES }
      return filled(destination.channel, rule, workshop, (channel) => ({ kind: 'webSocket', channel }))
    }
    case 'queue':
      return always({ kind: 'queue', queue: destination.queue })
    case 'route':
      return always({ kind: 'route', route: destination.route })
    case 'service': {
      const makeRequest = compileRequest(destination, workshop)
      return async (work, id, { encoded, event }) => {
        const request = await makeRequest(work, { idempotencyKey: id, encoded, headers: event && httpHeaders(event) })
        return { kind: 'service', request }
      }
    }
    default:
      return destination satisfies never
  }
}

function filled(
  template: string,
  rule: TextRule,
  workshop: Workshop,
  addressed: (text: string) => Address,
): MakeAddress {
  const fill = compileText(template, rule, workshop)
  return (work) => {
    const text = fill(work)
    return text instanceof Promise ? text.then(addressed) : addressed(text)
  }
}

function always(address: Address): MakeAddress {
  return () => address
}
