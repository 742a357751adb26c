import type { Outgoing } from '#lib/amqp.ts'
import type { Clock } from '#lib/clock.ts'
import { pause } from '#lib/kube/pause.ts'
import type { Log } from '#lib/log.ts'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { backoffMs } from '#lib/retry.ts'
import { ERROR_MESSAGE, ERROR_REASON, GENERATION, MAX_MESSAGE_CHARS, OUTCOME } from '../envelope/headers.ts'
import { toDeadLetters, toDelay, type Wait, withFailure } from '../envelope/write.ts'
import type { Failure, Message, Passage } from '../mediations/message.ts'
import { afterFailure, delayLevel } from '../mediations/retry.ts'
import type { RouteMetrics } from '../metrics.ts'
import { DELAY_LEVELS } from '../topology/names.ts'
import { replyWith } from './deliver.ts'
import type { Send } from './sender.ts'

/** What became of a message that failed: it waits for another try, or it is dead. Both are confirmed copies. */
export type PutAway = (
  failed: { readonly message: Message; readonly passage: Passage; readonly done: readonly string[] },
  failure: Failure,
  signal: AbortSignal,
) => Promise<'put away' | 'given up'>

export interface SettleDeps {
  readonly route: string
  readonly entry: () => MessageRouteEntry
  readonly queue: string
  /** To what is the bus's own, on a channel that no user's exchange can close. */
  readonly send: Send
  readonly metrics: RouteMetrics
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
}

const BACKOFF = { baseMs: 200, maxMs: 10_000 }

/** Never loses: while neither a delay nor the dead letters take the copy, the message stays un-acknowledged and this goes on trying. */
export function createPutAway(deps: SettleDeps): PutAway {
  const { route, entry, queue, metrics, clock, random, log } = deps

  return async function putAway({ message, passage, done }, failure, signal) {
    const { retry, generation } = entry()
    const next = afterFailure(retry, passage.attempt, failure, random)
    const now = clock.now()
    const at = new Date(now).toISOString()
    const after = withFailure(passage, failure, at)
    const { reason } = failure
    if (next.next === 'retry') {
      const wait = { level: delayLevel(next.delayMs, DELAY_LEVELS), resumeAt: now + next.delayMs, done }
      const tried = { ...after, attempt: passage.attempt + 1 }
      if (!(await confirmed(toDelay(queue, message, tried, wait), signal))) return 'given up'
      metrics.retried(reason)
      return 'put away'
    }
    if (!(await confirmed(toDeadLetters(route, message, after, failure, { at, [GENERATION]: generation }), signal)))
      return 'given up'
    metrics.dead(reason)
    log.warn(
      { route, message: message.id, reason, error: failure.message, attempt: passage.attempt },
      'Message is dead',
    )
    if (message.replyTo !== undefined) await tellDead(message, message.replyTo, failure, signal)
    return 'put away'
  }

  async function confirmed(copy: Outgoing, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const sent = await deps.send(copy, signal)
      if (sent.sent) return true
      if (signal.aborted) break
      log.warn(
        { route, message: copy.messageId, to: copy.exchange, error: sent.message },
        'Message cannot be put away yet',
      )
      await pause(backoffMs(BACKOFF, attempt, random), signal)
    }
    return false
  }

  async function tellDead({ id, correlationId }: Message, replyTo: string, failure: Failure, signal: AbortSignal) {
    const headers = {
      [OUTCOME]: 'dead',
      [ERROR_REASON]: failure.reason,
      [ERROR_MESSAGE]: failure.message.slice(0, MAX_MESSAGE_CHARS),
    }
    const properties = { headers, ...(correlationId !== undefined && { correlationId }) }
    await deps.send(replyWith(replyTo, `${id}/reply`, Buffer.alloc(0), properties), signal)
  }
}

/** Another lap of a wait that is longer than its delay queue was. */
export function nextLap(
  { message, passage, done }: Parameters<PutAway>[0],
  { queue, resumeAt, now }: { readonly queue: string; readonly resumeAt: number; readonly now: number },
): Outgoing {
  const wait: Wait = { level: delayLevel(resumeAt - now, DELAY_LEVELS), resumeAt, done }
  return toDelay(queue, message, passage, wait)
}
