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

/** One connection from its opening to its end, all lanes on it; resolves with the reason of the end. */
export async function live<C extends LaneChannel>(
  connection: AmqpConnection<C>,
  lanes: readonly Lane<C>[],
  hear: Hear,
): Promise<string> {
  const over = new AbortController()
  const end = Promise.withResolvers<string>()
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
  const running = lanes.map((lane) => lane.run(() => connection.createConfirmChannel(), over.signal))
  const why = await end.promise
  await Promise.all(running)
  return why
}
