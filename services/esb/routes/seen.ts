import { randomUUID } from 'node:crypto'
import type { Amqp } from '#lib/amqp.ts'
import type { Clock } from '#lib/clock.ts'
import type { Remembered } from '../mediations/plan.ts'
import { readAll } from '../streams/mark.ts'
import type { Send } from './sender.ts'

/**
 * What a dedupe step remembers: in memory, and in a stream of the route's own, from which the next owner reads the window.
 *
 *   delivered ──► key appended to the stream (confirm) ──► key in memory ──► message acknowledged
 *
 * A crash between the first two delivers a copy once more: at least once is what is promised.
 */
export interface Seen {
  readonly has: (remembered: Remembered) => boolean
  readonly remember: (remembered: Remembered, signal: AbortSignal) => Promise<boolean>
  /** Resolves once nobody else works on a message of this key: of two copies at once the second waits for the first. */
  readonly claim: (key: string) => Promise<() => void>
  /** Reads what owners before this one have remembered. Called before the first message of a channel. */
  readonly load: (windowMs: number) => Promise<void>
}

export interface SeenOptions {
  readonly stream: string
  readonly consuming: Pick<Amqp, 'once'>
  readonly send: Send
  readonly clock: Clock
}

export function createSeen({ stream, consuming, send, clock }: SeenOptions): Seen {
  /** When each was remembered, milliseconds since the epoch, the oldest first. */
  const keys = new Map<string, number>()
  const claims = new Map<string, Promise<void>>()

  function put(key: string, at: number): void {
    keys.delete(key)
    keys.set(key, at)
  }

  function forgetBefore(oldest: number): void {
    for (const [key, at] of keys) {
      if (at >= oldest) return
      keys.delete(key)
    }
  }

  return {
    has({ key, windowMs }) {
      const oldest = clock.now() - windowMs
      forgetBefore(oldest)
      const at = keys.get(key)
      return at !== undefined && at >= oldest
    },
    async remember({ key }, signal) {
      const at = clock.now()
      const sent = await send(
        { exchange: '', routingKey: stream, content: record({ key, at }), messageId: randomUUID() },
        signal,
      )
      if (!sent.sent) return false
      put(key, at)
      return true
    },
    async claim(key) {
      for (let other = claims.get(key); other; other = claims.get(key)) await other
      const over = Promise.withResolvers<void>()
      claims.set(key, over.promise)
      return () => {
        // Only its own: another may have it by the time that somebody lets go twice.
        if (claims.get(key) === over.promise) claims.delete(key)
        over.resolve()
      }
    },
    async load(windowMs) {
      const since = clock.now() - windowMs
      const reading = { stream, from: { seconds: since / 1_000 }, timeoutMs: LOAD_MS }
      await readAll({ consuming, send }, reading, ({ content }) => {
        const { key, at } = JSON.parse(content.toString()) as Entry
        if (at >= since) put(key, at)
      })
    },
  }
}

const LOAD_MS = 30_000

interface Entry {
  readonly key: string
  readonly at: number
}

function record(entry: Entry): Buffer {
  return Buffer.from(JSON.stringify(entry))
}
