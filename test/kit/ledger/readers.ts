import { type Amqp, type ConfirmChannel, createAmqp } from '#lib/amqp.ts'
import { createMetrics } from '#lib/metrics.ts'
import { quietLog } from '../quiet.ts'

/** A connection of whoever is outside of the bus; of several URLs apart by commas it takes the next when one fails. */
export function outside(name: string, amqpUrl: string): Amqp {
  const urls = amqpUrl.split(',')
  let turn = 0
  return createAmqp({
    name,
    url: () => urls[turn++ % urls.length] as string,
    ...{ log: quietLog(), metrics: createMetrics({ process: false }), random: Math.random },
    backoff: { baseMs: 50, maxMs: 500 },
  })
}

const QUORUM = { durable: true, arguments: { 'x-queue-type': 'quorum' } }

/** Reads a queue for as long as the connection lives: each id is written down before it is acknowledged. */
export function readQueue(amqp: Amqp, queue: string, { declare = false } = {}): readonly string[] {
  const ids: string[] = []
  amqp.onConnect(`reader of ${queue}`, async (channel, { fail }) => {
    if (declare) await channel.assertQueue(queue, QUORUM)
    await channel.prefetch(200)
    await channel.consume(queue, (message) => {
      if (message === null) return fail('the broker has ended this consumer')
      ids.push(idOf(message.content))
      channel.ack(message)
    })
    return undefined
  })
  return ids
}

/** Takes all that is ready in these queues at this moment; adds to what was found in each. */
export async function empty(amqp: Amqp, queues: readonly string[], found: Map<string, string[]>): Promise<void> {
  await amqp.once(async (channel) => {
    for (const queue of queues) {
      const ids = await contents(channel, queue)
      if (ids.length > 0) found.set(queue, [...(found.get(queue) ?? []), ...ids])
    }
  })
}

async function contents(channel: ConfirmChannel, queue: string): Promise<readonly string[]> {
  const ids: string[] = []
  for (;;) {
    const message = await channel.get(queue, { noAck: true })
    if (message === false) return ids
    ids.push(idOf(message.content))
  }
}

/** A body that the bus has garbled is a stranger to the ledger, and so found out. */
function idOf(content: Buffer): string {
  const text = content.toString()
  try {
    return (JSON.parse(text) as { readonly id: string }).id
  } catch {
    return `unreadable: ${text.slice(0, 100)}`
  }
}
