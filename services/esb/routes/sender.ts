import type { Amqp, Outgoing, Publish, Published } from '#lib/amqp.ts'
import { reasonOf } from '#lib/error.ts'
import { pause } from '#lib/kube/pause.ts'
import { backoffMs } from '#lib/retry.ts'

/** Sends until the broker has said something of the message, or `signal` ends it. */
export type Send = (message: Outgoing, signal: AbortSignal) => Promise<Sent>
export type Sent = Published | { readonly sent: false; readonly reason: 'Unconfirmed'; readonly message: string }

export interface SenderOptions {
  readonly publishing: Pick<Amqp, 'state' | 'onState'>
  readonly publish: Publish
  readonly confirmTimeoutMs: number
  readonly random: () => number
  /** Of those whose outcome stays unknown; a copy is sent again with the same id. */
  readonly tries: number
}

const BACKOFF = { baseMs: 100, maxMs: 5_000 }

/**
 * A message that was not sent for want of a connection, or under an alarm, waits here until it can be: what is held back
 * stays un-acknowledged, so the prefetch bounds it, and no try of the route is spent on a broker that is away.
 */
export function createSender({ publishing, publish, confirmTimeoutMs, random, tries }: SenderOptions): Send {
  return async function send(message, signal) {
    let unknown = 'it was not tried'
    for (let attempt = 0; attempt < tries && !signal.aborted; attempt++) {
      if (publishing.state().phase !== 'up') await untilUp(publishing, signal)
      if (signal.aborted) break
      try {
        return await publish(message, { timeoutMs: confirmTimeoutMs })
      } catch (error) {
        unknown = reasonOf(error)
        await pause(backoffMs(BACKOFF, attempt, random), signal)
      }
    }
    return { sent: false, reason: 'Unconfirmed', message: unknown }
  }
}

/** Resolves when messages can be sent, or when nobody waits for it any more. */
async function untilUp({ state, onState }: SenderOptions['publishing'], signal: AbortSignal): Promise<void> {
  if (state().phase === 'up' || signal.aborted) return
  const up = Promise.withResolvers<void>()
  const forget = onState(({ phase }) => phase === 'up' && up.resolve())
  const givenUp = () => up.resolve()
  signal.addEventListener('abort', givenUp)
  await up.promise
  forget()
  signal.removeEventListener('abort', givenUp)
}
