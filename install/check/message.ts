import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { type Amqp, createAmqp } from '#lib/amqp.ts'
import { createMetrics } from '#lib/metrics.ts'
import type { Check } from './check.ts'
import { patiently } from './patience.ts'

/** Sends a message through RabbitMQ to a queue of its own, and takes it from there. */
export const message: Check = {
  name: 'message',
  async run({ amqpUrl, patienceMs }) {
    const text = randomUUID()
    const received = Promise.withResolvers<string>()
    let queue = ''
    const amqp = createAmqp({
      name: 'check',
      url: () => amqpUrl,
      log: pino({ level: 'silent' }),
      metrics: createMetrics({ process: false }),
      random: Math.random,
    })
    amqp.onConnect('inbox', async (channel) => {
      const declared = await channel.assertQueue('', { exclusive: true })
      queue = declared.queue
      await channel.consume(queue, (taken) => received.resolve(taken?.content.toString() ?? ''), { noAck: true })
      return undefined
    })
    try {
      await amqp.start()
      await patiently(patienceMs, async () => ready(amqp))
      await sent(amqp, queue, text)
      const got = await atMost(patienceMs, received.promise)
      if (got !== text) throw new Error(`sent ${text}, received ${got}`)
      return 'sent with confirm, received as it was'
    } finally {
      await amqp.stop()
    }
  },
}

function ready(amqp: Amqp): void {
  const reason = amqp.unready()
  if (reason !== undefined) throw new Error(reason)
}

async function sent(amqp: Amqp, queue: string, text: string): Promise<void> {
  const content = Buffer.from(text)
  const outcome = await amqp.publish({ exchange: '', routingKey: queue, content, messageId: text })
  if (!outcome.sent) throw new Error(outcome.message)
}

function atMost<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`the message did not arrive within ${ms / 1_000} s`)), ms)
  return Promise.race([work, promise]).finally(() => clearTimeout(timer))
}
