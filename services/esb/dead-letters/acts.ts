import { randomUUID } from 'node:crypto'
import type { Outgoing, Publish } from '#lib/amqp.ts'
import { reasonOf } from '#lib/error.ts'
import { sendersHeaders } from '../envelope/headers.ts'
import { toQueue } from '../envelope/write.ts'
import type { Message } from '../mediations/message.ts'
import type { RunningRoute } from '../routes/running.ts'
import { received } from './letter.ts'
import type { Got } from './put-back.ts'
import type { Act } from './sweep.ts'

/** Back into the queue of its route, as a message that was not tried yet. */
export function replayTo(route: () => RunningRoute | undefined, send: Publish): Act {
  return async (letter) => {
    const running = route()
    // Without its queue the letter would land among the unroutable, where nobody looks for it.
    const why = running === undefined ? 'the route is gone' : running.unready() && 'the route is not ready'
    if (running === undefined || why !== undefined) return { done: false, why: why ?? '' }
    const { message, passage } = received(letter)
    const again = { ...passage, attempt: 1, hops: 0, replays: passage.replays + 1 }
    return sent(send, toQueue(running.queue, unexpected(message), again))
  }
}

/** Who asked with `?wait=` has its answer long since: the channel to reply over is gone. */
function unexpected(message: Message): Message {
  if (!message.replyTo?.startsWith('amq.rabbitmq.reply-to')) return message
  const { replyTo: _gone, ...rest } = message
  return rest
}

/** Once more to the exchange and with the key that led nowhere, just as it was. */
export function republish(send: Publish): Act {
  return async (letter) => sent(send, asItWas(letter))
}

export const discard: Act = async () => ({ done: true })

function asItWas({ fields, properties, content }: Got): Outgoing {
  const headers = (properties.headers ?? {}) as Readonly<Record<string, unknown>>
  const { contentType, contentEncoding, correlationId, replyTo, type, timestamp } = properties
  const said = { contentType, contentEncoding, correlationId, replyTo, type, timestamp }
  const ours = Object.entries(headers).filter(([name]) => name.startsWith('soa-'))
  return {
    exchange: fields.exchange,
    routingKey: fields.routingKey,
    content,
    messageId: typeof properties.messageId === 'string' ? properties.messageId : randomUUID(),
    properties: {
      ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
      headers: { ...sendersHeaders(headers), ...Object.fromEntries(ours) },
    },
  }
}

async function sent(send: Publish, message: Outgoing): ReturnType<Act> {
  try {
    const published = await send(message)
    return published.sent ? { done: true } : { done: false, why: `${published.reason}: ${published.message}` }
  } catch (error) {
    return { done: false, why: reasonOf(error) }
  }
}
