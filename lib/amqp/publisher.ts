import { reasonOf, SoaError } from '../error.ts'
import type { Leave, Setup } from './lane.ts'

/** A message on its way out. Always persistent, and mandatory unless it says otherwise: what reaches no queue comes back. */
export interface Outgoing {
  readonly exchange: string
  readonly routingKey: string
  readonly content: Buffer
  /** Names the message; a copy that is sent again keeps it. */
  readonly messageId: string
  /** Left out, it is: a reply to a direct reply-to name counts as unroutable, though it arrives. */
  readonly mandatory?: boolean
  readonly properties?: {
    readonly headers?: Readonly<Record<string, unknown>>
    readonly contentType?: string
    readonly contentEncoding?: string
    readonly correlationId?: string
    readonly replyTo?: string
    readonly type?: string
    readonly timestamp?: number
  }
}

/** What the broker said. A lost connection and a late confirm are thrown: their outcome is unknown. */
export type Published =
  | { readonly sent: true }
  | { readonly sent: false; readonly reason: 'Unroutable' | 'Refused'; readonly message: string }

/** The part of a confirm channel that publishing needs; amqplib's is one. */
export interface PublishChannel {
  readonly publish: (
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: object,
    done: (error: unknown) => void,
  ) => boolean
  readonly on: (event: 'return' | 'close' | 'error', listener: (told: unknown) => void) => unknown
}

interface Returned {
  readonly fields: object
  readonly properties: { readonly messageId?: unknown }
}

/** A message between its sending and the broker's word on it. */
interface Flight {
  /** What the broker said when it gave the message back. */
  returned?: string
  readonly landed: Promise<void>
}

export interface Publisher {
  readonly setup: Setup<PublishChannel>
  readonly publish: (message: Outgoing, timeoutMs: number) => Promise<Published>
}

/** Confirms and returns, brought together. A returned message is confirmed too (the return comes first), yet was dropped. */
export function createPublisher({ refusal }: { refusal: () => string | undefined }): Publisher {
  const flights = new Map<string, Flight>()
  const unanswered = new Set<Promise<Published>>()
  let channel: PublishChannel | undefined

  /** Why the channel was lost: the confirms that are lost with it do not tell. */
  let fault: string | undefined

  function setup(fresh: PublishChannel): Leave {
    channel = fresh
    fault = undefined
    fresh.on('error', (error) => {
      fault = reasonOf(error)
    })
    fresh.on('return', (message) => {
      const { fields, properties } = message as Returned
      const flight = flights.get(String(properties.messageId))
      if (flight) flight.returned = textOf(fields)
    })
    fresh.on('close', () => {
      if (channel === fresh) channel = undefined
    })
    return async () => {
      channel = undefined
      await Promise.allSettled(unanswered)
    }
  }

  async function publish(message: Outgoing, timeoutMs: number): Promise<Published> {
    const deadline = performance.now() + timeoutMs
    // A return names the id alone: of two copies only one may be in flight, or it could be either's.
    for (let other = flights.get(message.messageId); other; other = flights.get(message.messageId)) {
      await inTime(other.landed, deadline - performance.now())
    }
    const why = refusal()
    if (why !== undefined) throw unsent(why)
    if (channel === undefined) throw unsent('the publisher has no channel')
    const answer = inTime(fly(channel, message), deadline - performance.now())
    unanswered.add(answer)
    return answer.finally(() => unanswered.delete(answer))
  }

  function fly(
    on: PublishChannel,
    { messageId, properties, mandatory = true, ...message }: Outgoing,
  ): Promise<Published> {
    const outcome = Promise.withResolvers<Published>()
    const done = () => {}
    const flight: Flight = { landed: outcome.promise.then(done, done) }
    const landing = (error: unknown) => {
      flights.delete(messageId)
      if (isNack(error)) outcome.resolve({ sent: false, reason: 'Refused', message: 'the broker refused the message' })
      else if (error) outcome.reject(unknown(fault ?? reasonOf(error)))
      else if (flight.returned === undefined) outcome.resolve({ sent: true })
      else outcome.resolve({ sent: false, reason: 'Unroutable', message: flight.returned })
    }
    const options = { ...properties, messageId, persistent: true, mandatory }
    try {
      on.publish(message.exchange, message.routingKey, message.content, options, landing)
    } catch (error) {
      // What amqplib cannot encode, or a channel about to tell that it closed.
      throw unsent(reasonOf(error))
    }
    flights.set(messageId, flight)
    return outcome.promise
  }

  return { setup, publish }
}

// amqplib tells a nack from a lost channel by this text alone; test/integration/amqp.test.ts holds it to that.
function isNack(error: unknown): boolean {
  return error instanceof Error && error.message === 'message nacked'
}

function textOf(fields: object): string {
  const { replyText, exchange, routingKey } = fields as Record<string, unknown>
  return `${replyText}: exchange "${exchange}" has no queue for key "${routingKey}"`
}

function unsent(reason: string): SoaError {
  return new SoaError('SOA_BROKER_FAILED', `Message was not sent: ${reason}`, { status: 503 })
}

function unknown(reason: string): SoaError {
  return new SoaError('SOA_BROKER_FAILED', `Message may or may not have been sent: ${reason}`, { status: 503 })
}

function inTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unknown('no confirm in time')), Math.max(0, ms))
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
