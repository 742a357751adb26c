import type { EventEmitter } from 'node:events'
import { reasonOf } from '../error.ts'
import { pause } from '../kube/pause.ts'
import type { Log } from '../log.ts'
import { type Backoff, backoffMs } from '../retry.ts'

/**
 * One use of a connection, with a channel of its own: a fault in it (404, 406, a cancelled consumer) harms no other.
 *
 *   opening ──setup done──► in use ──channel closed──► pause ──► opening     as long as the connection lives
 *      └──setup failed──► pause ──► opening
 */
export interface Lane<C> {
  readonly name: string
  /** Keeps a channel in use until `over`; resolves once it has let go of it. */
  readonly run: (open: () => Promise<C>, over: AbortSignal) => Promise<void>
  /** Ends intake and what is in hand, on the channel in use; no other is opened. */
  readonly leave: () => Promise<void>
  /** Closes the channel in use, once the broker has taken all that was sent on it. */
  readonly close: () => Promise<void>
  readonly unready: () => string | undefined
}

/** Declares and consumes on a fresh channel; what it returns is awaited before a wanted close: cancel, finish, settle. */
export type Setup<C> = (
  channel: C,
  lane: { readonly fail: (reason: string) => void },
) => SetupResult | Promise<SetupResult>
export type Leave = () => Promise<void> | void
type SetupResult = Leave | undefined

export interface LaneChannel extends EventEmitter {
  readonly close: () => Promise<void>
}

export interface LaneOptions<C> {
  readonly name: string
  readonly setup: Setup<C>
  readonly backoff: Backoff
  readonly random: () => number
  readonly log: Log
}

export function createLane<C extends LaneChannel>({ name, setup, backoff, random, log }: LaneOptions<C>): Lane<C> {
  let missing: string | undefined = 'not set up yet'
  let inUse: C | undefined
  /** How to leave the channel in use; settles early when that channel is lost, never rejects. */
  let leave: Promise<SetupResult> | undefined
  let leaving = false
  let attempt = 0

  /** Resolves with the reason why the channel is no longer in use. */
  async function use(channel: C): Promise<string> {
    const gone = watched(channel)
    const set = (async () => setup(channel, { fail: gone.fail }))().then(
      (result) => {
        if (gone.isOver()) return undefined
        missing = undefined
        attempt = 0
        return result
      },
      (error) => void gone.fail(reasonOf(error)),
    )
    // A setup that waits for something else must not outlive its channel: both are watched.
    leave = Promise.race([set, gone.why.then(() => undefined)])
    inUse = channel
    missing = await gone.why
    leave = undefined
    inUse = undefined
    return missing
  }

  return {
    name,
    unready: () => (missing === undefined ? undefined : `${name}: ${missing}`),
    async run(open, over) {
      while (!over.aborted && !leaving) {
        missing = await open().then(use).catch(reasonOf)
        if (over.aborted || leaving) return
        log.warn({ lane: name, error: missing, attempt }, 'Channel lost; opening another')
        await pause(backoffMs(backoff, attempt++, random), over)
      }
    },
    async leave() {
      leaving = true
      await (await leave)?.()
    },
    async close() {
      await inUse?.close()
    },
  }
}

/** The end of a channel, whichever side causes it: the first reason told is the one that counts. */
function watched(channel: LaneChannel): {
  readonly why: Promise<string>
  readonly isOver: () => boolean
  readonly fail: (reason: string) => void
} {
  const end = Promise.withResolvers<string>()
  let reason: string | undefined
  let over = false
  channel.once('close', () => {
    over = true
    end.resolve(reason ?? 'channel closed')
  })
  channel.on('error', (error: unknown) => {
    reason ??= reasonOf(error)
  })
  channel.on('handler-error', (error: unknown) => fail(reasonOf(error)))

  function fail(why: string): void {
    if (over) return
    reason ??= why
    // It rejects only when the channel is closing already, which is what is wanted.
    channel.close().catch(() => {})
  }
  return { why: end.promise, isOver: () => over, fail }
}
