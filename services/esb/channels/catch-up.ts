import type { Amqp, ConfirmChannel, ConsumeMessage } from '#lib/amqp.ts'
import { pause } from '#lib/kube/pause.ts'
import { readStream } from '../streams/read.ts'
import { CHANNELS } from '../topology/names.ts'
import { channelOf, frameOf } from './frame.ts'
import type { Hub } from './hub.ts'
import { type From, placeOf } from './position.ts'

export interface Latecomer {
  readonly channel: string
  readonly from: Exclude<From, { kind: 'next' }>
  /** Resolves when the frame has left: a slow reader slows the reading down. */
  readonly send: (text: string) => Promise<void>
  /** The latecomer has gone. */
  readonly gone: AbortSignal
}

const PREFETCH = 32
/** A position in time may lie behind all there is, and then nothing is read. */
const SILENCE_MS = 5_000

/**
 * Reads the log for one subscriber until it has all that the hub has given to others, and hands it over in the very turn in
 * which that is so: who joins the hub then misses nothing, and gets nothing twice.
 */
export async function catchUp(
  consuming: Pick<Amqp, 'once'>,
  hub: Pick<Hub, 'last'>,
  latecomer: Latecomer,
  join: (after: number) => void,
): Promise<void> {
  const { from } = latecomer
  const last = hub.last()
  // Offsets beyond the end are of a log that was lost: they say nothing of this one.
  if (from.kind === 'offset' && last !== undefined && from.offset > last) return join(-1)
  await consuming.once((channel) => read(channel, hub, latecomer, join))
}

async function read(
  channel: ConfirmChannel,
  hub: Pick<Hub, 'last'>,
  { channel: wanted, from, send, gone }: Latecomer,
  join: (after: number) => void,
): Promise<void> {
  const over = new AbortController()
  const ended = AbortSignal.any([over.signal, gone])
  const before = hub.last()
  let told: number | undefined

  function finish(after: number): void {
    over.abort()
    join(after)
  }

  async function take(message: ConsumeMessage, offset: number): Promise<boolean> {
    const isWanted = channelOf(message) === wanted
    const sent = isWanted ? send(JSON.stringify(frameOf(offset, wanted, message))) : undefined
    told = offset
    if (offset >= (hub.last() ?? Number.POSITIVE_INFINITY)) finish(offset)
    await sent
    return false
  }

  /** When nothing comes any more: the hub has caught up with us, or there is nothing after that time, or nothing at all. */
  async function watchSilence(): Promise<void> {
    while (!ended.aborted) {
      await pause(SILENCE_MS, ended)
      const last = hub.last()
      if (ended.aborted) return
      if (told !== undefined && last !== undefined && told >= last) return finish(told)
      const isBehindAll = told === undefined && last === before && (from.kind === 'time' || last === undefined)
      if (isBehindAll) return finish(last ?? -1)
    }
  }

  const begun = () => void watchSilence()
  try {
    const reading = { stream: CHANNELS, from: placeOf(from), prefetch: PREFETCH, signal: ended, begun }
    await readStream(channel, reading, take)
  } finally {
    over.abort()
  }
}
