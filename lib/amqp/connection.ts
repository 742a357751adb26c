import type { EventEmitter } from 'node:events'
import { reasonOf } from '../error.ts'
import type { Lane, LaneChannel } from './lane.ts'

/** What a connection of amqplib has to offer; `C` is its kind of channel. */
export interface AmqpConnection<C> extends EventEmitter {
  readonly createConfirmChannel: () => Promise<C>
}

export interface Hear {
  readonly blocked: (reason: string) => void
  readonly unblocked: () => void
}

/** A connection in use. */
export interface Living<C extends LaneChannel> {
  /** Takes one more lane on. */
  readonly add: (lane: Lane<C>) => void
  /** Resolves with the reason of the end, once all lanes have let go. */
  readonly end: Promise<string>
}

/** One connection from its opening to its end, all lanes on it. */
export function live<C extends LaneChannel>(
  connection: AmqpConnection<C>,
  lanes: readonly Lane<C>[],
  hear: Hear,
): Living<C> {
  const over = new AbortController()
  const end = Promise.withResolvers<string>()
  const running = new Set<Promise<void>>()
  let reason: string | undefined
  connection.on('blocked', hear.blocked)
  connection.on('unblocked', hear.unblocked)
  connection.on('error', (error: unknown) => {
    reason ??= reasonOf(error)
  })
  connection.once('close', (error?: unknown) => {
    // In the turn in which all channels have closed: no lane has yet begun to open another.
    over.abort()
    end.resolve(reason ?? (error === undefined ? 'connection closed' : reasonOf(error)))
  })

  function add(lane: Lane<C>): void {
    const run = lane.run(() => connection.createConfirmChannel(), over.signal)
    running.add(run)
    void run.finally(() => running.delete(run))
  }
  for (const lane of lanes) add(lane)

  return {
    add,
    end: end.promise.then(async (why) => {
      await Promise.all(running)
      return why
    }),
  }
}
