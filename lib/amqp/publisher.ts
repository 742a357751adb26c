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
  /** Told once, when the broker has spoken. */
  readonly landed: (() => void)[]
}

const SENT: Published = { sent: true }

export interface Publisher {
  readonly setup: Setup<PublishChannel>
  readonly publish: (message: Outgoing, timeoutMs: number) => Promise<Published>
  /** Whether a confirm was late, and the broker has said nothing of any message since. */
  readonly isUnheard: () => boolean
}

/** Confirms and returns, brought together. A returned message is confirmed too (the return comes first), yet was dropped. */
export function createPublisher({ refusal }: { refusal: () => string | undefined }): Publisher {
  const flights = new Map<string, Flight>()
  /** Callers that have no answer yet. */
  let unanswered = 0
  let whenAllAnswered: (() => void) | undefined
  let channel: PublishChannel | undefined

  let unheard = false

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
      unheard = false
    })
    return async () => {
      channel = undefined
      if (unanswered > 0) {
        await new Promise<void>((resolve) => {
          whenAllAnswered = resolve
        })
      }
    }
  }

  async function publish(message: Outgoing, timeoutMs: number): Promise<Published> {
    let left = timeoutMs
    // A return names the id alone: of two copies only one may be in flight, or it could be either's.
    for (let other = flights.get(message.messageId); other; other = flights.get(message.messageId)) {
      const since = performance.now()
      await landingOf(other, left)
      left -= performance.now() - since
    }
    const why = refusal()
    if (why !== undefined) throw unsent(why)
    if (channel === undefined) throw unsent('the publisher has no channel')
    return fly(channel, message, left)
  }

  // One promise and one timer a message: this is the bus's busiest line.
  function fly(
    on: PublishChannel,
    { messageId, properties, mandatory = true, ...message }: Outgoing,
    timeoutMs: number,
  ) {
    const answer = Promise.withResolvers<Published>()
    const flight: Flight = { landed: [] }
    let timer: NodeJS.Timeout | undefined

    function answered(): void {
      clearTimeout(timer)
      unanswered -= 1
      if (unanswered === 0) whenAllAnswered?.()
    }

    function landing(error: unknown): void {
      flights.delete(messageId)
      unheard = false
      if (isNack(error)) answer.resolve({ sent: false, reason: 'Refused', message: 'the broker refused the message' })
      else if (error) answer.reject(unknown(fault ?? reasonOf(error)))
      else if (flight.returned === undefined) answer.resolve(SENT)
      else answer.resolve({ sent: false, reason: 'Unroutable', message: flight.returned })
      // One that was told of its lateness has its answer.
      if (timer !== undefined) answered()
      for (const told of flight.landed) told()
    }

    const options = { ...properties, messageId, persistent: true, mandatory }
    try {
      on.publish(message.exchange, message.routingKey, message.content, options, landing)
    } catch (error) {
      // What amqplib cannot encode, or a channel about to tell that it closed.
      throw unsent(reasonOf(error))
    }
    flights.set(messageId, flight)
    unanswered += 1
    timer = setTimeout(
      () => {
        answered()
        timer = undefined
        unheard = true
        answer.reject(unknown('no confirm in time'))
      },
      Math.max(0, timeoutMs),
    )
    return answer.promise
  }

  return { setup, publish, isUnheard: () => unheard }
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

function landingOf({ landed }: Flight, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(unknown('no confirm in time')), Math.max(0, ms))
    landed.push(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
