import { createHash } from 'node:crypto'
import type { Outgoing } from '#lib/amqp.ts'
import type { Failure, Message, Passage, PastFailure } from '../mediations/message.ts'
import type { Delivery } from '../mediations/plan.ts'
import { DLX, delayQueue, dotted, RESUME } from '../topology/names.ts'
import {
  ATTEMPT,
  CHANNEL,
  DONE,
  ERROR_MESSAGE,
  ERROR_REASON,
  ERROR_STEP,
  EXCHANGE,
  FAILED_AT,
  FAILURES,
  HOPS,
  KEY,
  MAX_DONE,
  MAX_HISTORY_BYTES,
  MAX_MESSAGE_CHARS,
  REPLAYS,
  RESUME_AT,
} from './headers.ts'

type Headers = Readonly<Record<string, unknown>>

/** A message as it waits in a queue of the bus: all that the next reader needs to go on. */
function waiting(
  message: Message,
  passage: Passage,
  extra: Headers,
): Pick<Outgoing, 'content' | 'messageId' | 'properties'> {
  const { id, exchange, key, headers, body, ...properties } = message
  const failures = newestWithin(passage.history, MAX_HISTORY_BYTES)
  return {
    content: body,
    messageId: id,
    properties: {
      ...properties,
      headers: {
        ...headers,
        [EXCHANGE]: exchange,
        [KEY]: key,
        ...(passage.attempt > 1 && { [ATTEMPT]: passage.attempt }),
        ...(passage.hops > 0 && { [HOPS]: passage.hops }),
        ...(passage.replays > 0 && { [REPLAYS]: passage.replays }),
        ...(failures !== '[]' && { [FAILURES]: failures }),
        ...extra,
      },
    },
  }
}

/** On its way to a queue of the bus. Once that is unbound nothing can reach it, and what would have goes to the unroutable. */
export function toQueue(queue: string, message: Message, passage: Passage, extra: Headers = {}): Outgoing {
  return { exchange: RESUME, routingKey: queue, ...waiting(message, passage, extra) }
}

export interface Wait {
  readonly level: number
  /** Milliseconds since the epoch. */
  readonly resumeAt: number
  readonly done: readonly string[]
}

/** Into a delay queue, from which it comes back to `queue`. */
export function toDelay(queue: string, message: Message, passage: Passage, { level, resumeAt, done }: Wait): Outgoing {
  const extra = { [RESUME_AT]: resumeAt, ...(done.length > 0 && { [DONE]: JSON.stringify(done.slice(0, MAX_DONE)) }) }
  return { exchange: delayQueue(level), routingKey: queue, ...waiting(message, passage, extra) }
}

/** To the dead letters of a route, with the reason. */
export function toDeadLetters(
  route: string,
  message: Message,
  passage: Passage,
  { reason, message: told, step }: Failure,
  extra: Headers & { readonly at: string },
): Outgoing {
  const { at, ...more } = extra
  const error = {
    [ERROR_REASON]: reason,
    [ERROR_MESSAGE]: told.slice(0, MAX_MESSAGE_CHARS),
    ...(step !== undefined && { [ERROR_STEP]: step }),
    [FAILED_AT]: at,
  }
  return { exchange: DLX, routingKey: dotted(route), ...waiting(message, passage, { ...more, ...error }) }
}

type ToBroker = Exclude<Delivery['to'], { kind: 'service' }>

/** A delivery as it leaves the bus, or goes on to a route (whose queue `queueOf` names) or to the subscribers of a channel. */
export function toDestination(
  { id, body, headers, to: _to, tap: _tap, ...properties }: Delivery,
  to: ToBroker,
  { hops, queue, namespace }: { readonly hops: number; readonly queue: string; readonly namespace: string },
): Outgoing {
  const [exchange, routingKey] =
    to.kind === 'exchange' ? [to.exchange, to.key] : [to.kind === 'route' ? RESUME : '', queue]
  const own = { [HOPS]: hops, ...(to.kind === 'webSocket' && { [CHANNEL]: `${namespace}/${to.channel}` }) }
  return {
    exchange,
    routingKey,
    content: body,
    messageId: id,
    properties: { ...properties, headers: { ...headers, ...own } },
  }
}

/** A delivery's id in a few bytes: what arrived already is remembered by it. */
export function markOf(deliveryId: string): string {
  return createHash('sha256').update(deliveryId).digest('base64url').slice(0, 10)
}

export function withFailure(passage: Passage, { reason, message, step }: Failure, at: string): Passage {
  const failure: PastFailure = { at, reason, message: message.slice(0, 256), ...(step !== undefined && { step }) }
  return { ...passage, history: [...passage.history, failure] }
}

function newestWithin(history: readonly PastFailure[], maxBytes: number): string {
  for (let from = 0; from < history.length; from++) {
    const text = JSON.stringify(history.slice(from))
    if (Buffer.byteLength(text) <= maxBytes) return text
  }
  return '[]'
}
