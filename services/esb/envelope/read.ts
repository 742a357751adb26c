import type { ConsumeMessage } from '#lib/amqp.ts'
import type { Message, Passage, PastFailure } from '../mediations/message.ts'
import {
  ATTEMPT,
  DONE,
  ERROR_MESSAGE,
  ERROR_REASON,
  ERROR_STEP,
  EXCHANGE,
  FAILED_AT,
  FAILURES,
  HOPS,
  KEY,
  REPLAYS,
  RESUME_AT,
  sendersHeaders,
} from './headers.ts'

/** A message of the broker, taken apart. */
export interface Received {
  readonly message: Message
  readonly passage: Passage
  /** When its wait is over, milliseconds since the epoch. */
  readonly resumeAt?: number
  /** Ids of deliveries, as `markOf` gives them, that arrived at an earlier try. */
  readonly done: readonly string[]
  /** Why it is a dead letter. */
  readonly error?: {
    readonly reason: string
    readonly message: string
    readonly step?: string
    readonly failedAt?: string
  }
}

export type Raw = Pick<ConsumeMessage, 'properties' | 'content'> & {
  readonly fields: Pick<ConsumeMessage['fields'], 'exchange' | 'routingKey'>
}

const NONE: readonly never[] = []

/** `receipt` makes up an id for a message that has none: nobody can tell its copies apart. */
export function readMessage({ fields, properties, content }: Raw, receipt: () => string): Received {
  const headers = (properties.headers ?? {}) as Readonly<Record<string, unknown>>
  const { contentType, contentEncoding, type, correlationId, replyTo, timestamp } = properties
  const resumeAt = headers[RESUME_AT]
  const error = errorIn(headers)
  return {
    message: {
      id: textOf(properties.messageId) ?? receipt(),
      exchange: textOf(headers[EXCHANGE]) ?? fields.exchange,
      key: textOf(headers[KEY]) ?? fields.routingKey,
      headers: sendersHeaders(headers),
      body: content,
      ...(contentType !== undefined && { contentType }),
      ...(contentEncoding !== undefined && { contentEncoding }),
      ...(type !== undefined && { type }),
      ...(correlationId !== undefined && { correlationId }),
      ...(replyTo !== undefined && { replyTo }),
      ...(typeof timestamp === 'number' && { timestamp }),
    },
    passage: {
      attempt: countIn(headers[ATTEMPT]) || 1,
      hops: countIn(headers[HOPS]),
      replays: countIn(headers[REPLAYS]),
      history: listIn<PastFailure>(headers[FAILURES]),
    },
    done: listIn<string>(headers[DONE]),
    ...(typeof resumeAt === 'number' && { resumeAt }),
    ...(error && { error }),
  }
}

function errorIn(headers: Readonly<Record<string, unknown>>): Received['error'] {
  const reason = textOf(headers[ERROR_REASON])
  if (reason !== undefined) {
    const [step, failedAt] = [textOf(headers[ERROR_STEP]), textOf(headers[FAILED_AT])]
    return {
      ...{ reason, message: textOf(headers[ERROR_MESSAGE]) ?? '' },
      ...(step !== undefined && { step }),
      ...(failedAt !== undefined && { failedAt }),
    }
  }
  // The broker's net: it was delivered too often without a word, as when a process dies of it again and again.
  const death = textOf(headers['x-last-death-reason'] ?? headers['x-first-death-reason'])
  if (death === undefined) return undefined
  return { reason: 'DeliveryLimit', message: `The broker gave it up: ${death}` }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function countIn(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}

// Anybody may write headers: what is no list of ours is none.
function listIn<T>(value: unknown): readonly T[] {
  if (typeof value !== 'string') return NONE
  try {
    const list: unknown = JSON.parse(value)
    return Array.isArray(list) ? (list as T[]) : NONE
  } catch {
    return NONE
  }
}
