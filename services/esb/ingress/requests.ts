import { createPublisher } from '#lib/amqp/publisher.ts'
import { whyNotSendable } from '#lib/amqp/state.ts'
import type { Amqp, ConsumeMessage, Outgoing, Published } from '#lib/amqp.ts'
import type { Part } from '#lib/run.ts'

/** RabbitMQ's direct reply-to: consumed without acks, on the channel that the requests are sent on. https://www.rabbitmq.com/docs/direct-reply-to */
const REPLY_TO = 'amq.rabbitmq.reply-to'

/** Why there is no reply: none came in time, or none can come any more. The message itself is safe. */
export type NoReply = 'InTime' | 'ChannelLost' | 'Stopping' | 'GivenUp'
export type Reply =
  | { readonly came: true; readonly message: ConsumeMessage }
  | { readonly came: false; readonly why: NoReply }

/** Sends messages in with confirm, and gets the replies of those that wait for one. Its stop lets the waiting go. */
export interface Requests extends Part {
  readonly send: (message: Outgoing) => Promise<Published>
  /** Expects a reply from now on. Register before the request is sent: the reply may be faster than its confirm. */
  readonly expect: (correlationId: string) => Expected
}

export interface Expected {
  /** What the request carries. */
  readonly replyTo: string
  readonly within: (ms: number) => Promise<Reply>
  /** Nobody waits any more. */
  readonly giveUp: () => void
}

export function createRequests(amqp: Amqp, { confirmTimeoutMs }: { readonly confirmTimeoutMs: number }): Requests {
  const waiting = new Map<string, (reply: Reply) => void>()
  const publisher = createPublisher({ refusal: () => whyNotSendable(amqp.state()) })
  let isStopping = false

  function letGo(why: NoReply): void {
    for (const settle of [...waiting.values()]) settle({ came: false, why })
  }

  amqp.onConnect('ingress', async (channel, lane) => {
    // A reply finds its way by the channel: with that, all replies under way are gone.
    channel.once('close', () => letGo('ChannelLost'))
    await channel.consume(
      REPLY_TO,
      (message) => {
        if (message === null) return lane.fail('the consumer of replies was cancelled')
        waiting.get(message.properties.correlationId ?? '')?.({ came: true, message })
      },
      { noAck: true },
    )
    return publisher.setup(channel, lane)
  })

  return {
    name: 'replies',
    start() {},
    // Under an alarm it is known why, and messages are refused before they are sent.
    unready: () => (amqp.state().phase === 'up' && publisher.isUnheard() ? 'the broker confirms nothing' : undefined),
    stop() {
      isStopping = true
      letGo('Stopping')
    },
    send: (message) => publisher.publish(message, confirmTimeoutMs),
    expect(correlationId) {
      const reply = Promise.withResolvers<Reply>()
      const settle = (given: Reply): void => {
        waiting.delete(correlationId)
        reply.resolve(given)
      }
      if (isStopping) settle({ came: false, why: 'Stopping' })
      else waiting.set(correlationId, settle)
      return {
        replyTo: REPLY_TO,
        within(ms) {
          const timer = setTimeout(() => settle({ came: false, why: 'InTime' }), ms)
          return reply.promise.finally(() => clearTimeout(timer))
        },
        giveUp: () => settle({ came: false, why: 'GivenUp' }),
      }
    },
  }
}
