import type { Outgoing } from '#lib/amqp.ts'
import { toDestination } from '../envelope/write.ts'
import type { Failure, Message, Passage } from '../mediations/message.ts'
import type { Delivery, ServiceAnswer, ServiceRequest } from '../mediations/plan.ts'
import { CHANNELS } from '../topology/names.ts'
import type { Send, Sent } from './sender.ts'
import { traced } from './traced.ts'

export interface DeliverDeps {
  readonly namespace: string
  /** On the route's own channel: one that is closed by a missing exchange takes nobody else's confirms along. */
  readonly send: Send
  readonly call: (request: ServiceRequest) => Promise<ServiceAnswer>
  /** The queue of another route; undefined when there is none of the name. */
  readonly queueOf: (route: string) => string | undefined
  /** Of the trace. */
  readonly random: () => number
}

/** Makes one delivery; the failure, or undefined once it is confirmed or answered. */
export type Deliver = (
  delivery: Delivery,
  from: { readonly message: Message; readonly passage: Passage },
  signal: AbortSignal,
) => Promise<Failure | undefined>

export function createDeliver({ namespace, send, call, queueOf, random }: DeliverDeps): Deliver {
  return async function deliver(planned, { message, passage }, signal) {
    const delivery = traced(planned, random)
    const { to } = delivery
    if (to.kind === 'service') {
      const answer = await call(to.request)
      if (!answer.ok) return answer.failure
      return message.replyTo === undefined ? undefined : reply(delivery, message, answer, signal)
    }
    const queue = queueFor(to)
    if (queue === undefined)
      return { class: 'Transient', reason: 'Unroutable', message: `There is no route ${shown(to)} here` }
    return failureOf(await send(toDestination(delivery, to, { hops: passage.hops + 1, queue, namespace }), signal))
  }

  function queueFor(to: Exclude<Delivery['to'], { kind: 'service' }>): string | undefined {
    switch (to.kind) {
      case 'exchange':
        return ''
      case 'queue':
        return to.queue
      case 'webSocket':
        return CHANNELS
      case 'route':
        return queueOf(to.route)
      default:
        return to satisfies never
    }
  }

  /** What the service answered, to whoever asked. One who no longer waits is no failure: the service has done its part. */
  async function reply(
    { id }: Delivery,
    { replyTo = '', correlationId }: Message,
    { body, headers }: Extract<ServiceAnswer, { ok: true }>,
    signal: AbortSignal,
  ): Promise<undefined> {
    const contentType = headers['content-type']
    const properties = {
      ...(correlationId !== undefined && { correlationId }),
      ...(contentType !== undefined && { contentType }),
    }
    await send(replyWith(replyTo, `${id}/reply`, body, properties), signal)
  }
}

/** A reply to a direct reply-to name is not mandatory: it would count as unroutable, though it arrives. */
export function replyWith(
  replyTo: string,
  messageId: string,
  content: Buffer,
  properties: NonNullable<Outgoing['properties']>,
): Outgoing {
  return { exchange: '', routingKey: replyTo, messageId, content, mandatory: false, properties }
}

function shown(to: Delivery['to']): string {
  return to.kind === 'route' ? to.route : to.kind
}

function failureOf(sent: Sent): Failure | undefined {
  return sent.sent ? undefined : { class: 'Transient', reason: sent.reason, message: sent.message }
}
