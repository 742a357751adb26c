import { randomUUID } from 'node:crypto'
import type { Amqp } from '#lib/amqp.ts'
import type { Send } from '../routes/sender.ts'
import { lastChunk } from '../streams/end.ts'
import { isMark, readAll } from '../streams/mark.ts'
import type { Binding } from './declarations.ts'
import { topologyStream } from './names.ts'

/** What routes have on the broker: of those that are changed or deleted while no replica runs, the next must know it. */
export interface Placed {
  /** By route: its queues. */
  readonly queues: Readonly<Record<string, readonly string[]>>
  /** What leads to them from without. */
  readonly bindings: readonly Binding[]
}

/** The newest record of what was placed, in a stream: AMQP has no way to ask a broker for its bindings. */
export interface TopologyMemory {
  readonly recall: () => Promise<Placed>
  /** Before anything of it is declared. What was recorded last is not written twice, unless `again` finds the stream empty. */
  readonly record: (placed: Placed, options?: { readonly again?: boolean }) => Promise<void>
}

const NOTHING: Placed = { queues: {}, bindings: [] }
const RECORD_MS = 10_000
const RECALL_MS = 30_000

export function createTopologyMemory(instance: string, consuming: Pick<Amqp, 'once'>, send: Send): TopologyMemory {
  const stream = topologyStream(instance)
  let last: string | undefined

  /** Somebody deleted the stream, and it was declared anew. */
  const isLost = () => consuming.once(async (channel) => (await channel.checkQueue(stream)).messageCount === 0)

  return {
    async recall() {
      // Its end is enough, where there is one.
      const chunk = await consuming.once((channel) => lastChunk(channel, stream))
      let newest = chunk.findLast(({ message }) => !isMark(message))?.message
      if (newest === undefined) {
        await readAll({ consuming, send }, { stream, from: 'first', timeoutMs: RECALL_MS }, (message) => {
          newest = message
        })
      }
      return newest === undefined ? NOTHING : (JSON.parse(newest.content.toString()) as Placed)
    },
    async record(placed, { again = false } = {}) {
      const text = JSON.stringify(placed)
      if (text === last && !(again && (await isLost()))) return
      const message = { exchange: '', routingKey: stream, content: Buffer.from(text), messageId: randomUUID() }
      const sent = await send(message, AbortSignal.timeout(RECORD_MS))
      if (!sent.sent) throw new Error(`${stream} takes no record: ${sent.message}`)
      last = text
    },
  }
}
