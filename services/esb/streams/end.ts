import type { ConfirmChannel, ConsumeMessage } from '#lib/amqp.ts'
import { type Place, readStream } from './read.ts'

/** What one offset of a stream holds. */
export interface Entry {
  readonly offset: number
  readonly message: ConsumeMessage
}

/** Without a word from the broker for so long, a stream has no more to give. */
export const IDLE_MS = 500

/**
 * The newest messages of a stream, oldest first. No broker tells where a stream ends; what it gives last of all is its last
 * chunk, and from there one goes back as far as is asked for.
 */
export async function newestOf(channel: ConfirmChannel, stream: string, limit: number): Promise<readonly Entry[]> {
  const last = await lastChunk(channel, stream)
  const end = last.at(-1)?.offset
  const first = last[0]?.offset
  if (end === undefined || first === undefined) return []
  const start = Math.max(0, end - limit + 1)
  const before = first <= start ? [] : await read(channel, stream, { from: start, until: first - 1 })
  return [...before, ...last].slice(-limit)
}

/** The last messages of a stream, oldest first; none when it is empty, or silent for `idleMs`. */
export function lastChunk(channel: ConfirmChannel, stream: string, idleMs = IDLE_MS): Promise<readonly Entry[]> {
  return read(channel, stream, { from: 'last', idleMs })
}

interface Extent {
  readonly from: Place
  /** An offset. */
  readonly until?: number
  readonly idleMs?: number
}

/** From a place until an offset, or until nothing more comes. */
async function read(
  channel: ConfirmChannel,
  stream: string,
  { from, until = Number.POSITIVE_INFINITY, idleMs = IDLE_MS }: Extent,
): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  const silence = new AbortController()
  const idle = setTimeout(() => silence.abort(), idleMs)
  try {
    await readStream(channel, { stream, from, signal: silence.signal }, (message, offset) => {
      idle.refresh()
      if (offset <= until) entries.push({ offset, message })
      return offset >= until
    })
    return entries
  } finally {
    clearTimeout(idle)
  }
}
