import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { type Amqp, createAmqp } from '#lib/amqp.ts'
import { createMetrics } from '#lib/metrics.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { eventually } from '#test/kit/eventually.ts'

/** One RabbitMQ node, and hands to fill and to watch its queues. */
export interface BrokerBed {
  readonly url: string
  readonly amqp: Amqp
  /** Declares a durable quorum queue, empty. */
  readonly queue: (name: string) => Promise<void>
  /** Puts `count` messages into a queue, confirmed, at most 1,000 on their way. */
  readonly fill: (queue: string, count: number, body: (i: number) => Buffer) => Promise<void>
  readonly depth: (queue: string) => Promise<number>
  readonly empty: (queue: string) => Promise<void>
  readonly stop: () => Promise<void>
}

const WINDOW = 1_000

export async function startBrokerBed(): Promise<BrokerBed> {
  const broker: TestBroker = await startBroker()
  const log = pino({ level: 'error' })
  const metrics = createMetrics({ process: false })
  const amqp = createAmqp({ name: 'bench', url: () => broker.url, log, metrics, random: Math.random })
  await amqp.start()
  await eventually(() => {
    if (amqp.unready() !== undefined) throw new Error(amqp.unready())
  })
  const depth = (queue: string) => amqp.once(async (channel) => (await channel.checkQueue(queue)).messageCount)

  async function fill(queue: string, count: number, body: (i: number) => Buffer): Promise<void> {
    let next = 0
    async function publish(): Promise<void> {
      for (let i = next++; i < count; i = next++) {
        const message = { exchange: '', routingKey: queue, content: body(i), messageId: randomUUID() }
        const sent = await amqp.publish({ ...message, properties: { contentType: 'application/json' } })
        if (!sent.sent) throw new Error(sent.message)
      }
    }
    await Promise.all(Array.from({ length: WINDOW }, publish))
  }

  return {
    url: broker.url,
    amqp,
    async queue(name) {
      await amqp.once((channel) =>
        channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } }),
      )
    },
    fill,
    depth,
    async empty(queue) {
      await amqp.once((channel) => channel.purgeQueue(queue))
    },
    async stop() {
      await amqp.stop()
      await broker.stop()
    },
  }
}
