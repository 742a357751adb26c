import { refusalCode } from '#lib/amqp/refusal.ts'
import type { Amqp, ConfirmChannel } from '#lib/amqp.ts'
import type { Part } from '#lib/run.ts'
import { fromBroker } from '../http/from-broker.ts'
import { type Refusal, refusal } from '../http/refusal.ts'

export type Served<T> = { readonly ok: true; readonly value: T } | Refusal

/**
 * Gives the letters of a queue to one operation at a time, on a channel of its own: what it leaves unsettled is the queue's
 * again. Looks wait for each other; work that moves letters is not waited for. Its stop ends what is under way.
 */
export interface Desk extends Part {
  readonly look: <T>(queue: string, work: Work<T>) => Promise<Served<T>>
  readonly move: <T>(queue: string, work: Work<T>) => Promise<Served<T>>
}

export type Work<T> = (channel: ConfirmChannel, signal: AbortSignal) => Promise<T>

/** The lock outlives a channel, but not for ever. */
const LOCK_EXPIRES_MS = 90_000

export function createDesk(consuming: Pick<Amqp, 'once'>): Desk {
  const stopping = new AbortController()
  const moving = new Set<string>()
  /** The end of the last in each queue's line, whichever way it ends. */
  const turns = new Map<string, Promise<void>>()

  function inTurn<T>(queue: string, work: Work<T>): Promise<Served<T>> {
    const serve = () => served(consuming, queue, (channel) => work(channel, stopping.signal))
    const mine = (turns.get(queue) ?? Promise.resolve()).then(serve)
    const over = mine.then(
      () => {},
      () => {},
    )
    turns.set(queue, over)
    return mine.finally(() => turns.get(queue) === over && turns.delete(queue))
  }

  return {
    name: 'dead letters',
    start() {},
    async stop() {
      stopping.abort()
      await Promise.all(turns.values())
    },
    async look(queue, work) {
      return moving.has(queue) ? busy(queue) : inTurn(queue, work)
    },
    async move(queue, work) {
      if (moving.has(queue)) return busy(queue)
      moving.add(queue)
      return inTurn(queue, work).finally(() => moving.delete(queue))
    },
  }
}

/** An exclusive queue is its connection's alone, and gone with it: a lock that all replicas see, and that no crash leaves behind. */
async function served<T>(
  consuming: Pick<Amqp, 'once'>,
  queue: string,
  work: (channel: ConfirmChannel) => Promise<T>,
): Promise<Served<T>> {
  const lock = `${queue}.lock`
  const expires = { 'x-expires': LOCK_EXPIRES_MS }
  const asked = consuming.once(async (channel) => {
    await channel.checkQueue(queue)
    await channel.assertQueue(lock, { exclusive: true, durable: false, arguments: expires })
    try {
      return await work(channel)
    } finally {
      // A channel that is lost by now leaves the lock to expire, or takes its connection and with that the lock along.
      await channel.deleteQueue(lock).catch(() => {})
    }
  })
  try {
    return { ok: true, value: await asked }
  } catch (error) {
    if (refusalCode(error) === 404) return refusal(404, 'QueueNotFound', `There is no queue ${queue} on the broker`)
    return refusalCode(error) === 405 ? busy(queue) : fromBroker(asked as Promise<never>)
  }
}

function busy(queue: string): Refusal {
  return refusal(409, 'Busy', `Another operation is at work on ${queue}; try again when it has ended`)
}
