import { randomUUID } from 'node:crypto'
import type { ConfirmChannel, ConsumeMessage } from '#lib/amqp.ts'
import type { TestConnection } from './amqp.ts'
import type { Bus } from './esb.ts'
import { eventually } from './eventually.ts'

/** What came out of a queue. */
export interface Taken {
  readonly id: string
  readonly text: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly properties: Partial<ConsumeMessage['properties']>
}

/** A client of the bus on the broker, with the hands of any AMQP program. */
export interface BusClient {
  /** To the seed's exchange, confirmed; gives the id. */
  readonly send: (key: string, body: unknown, more?: Sending) => Promise<string>
  /** Declares a durable queue, bound to the seed's exchange where a key is given, and collects what comes. */
  readonly sink: (queue: string, key?: string) => Promise<readonly Taken[]>
  /** What is in a queue, put back. */
  readonly look: (queue: string) => Promise<readonly Taken[]>
  readonly depth: (queue: string) => Promise<number>
  /** Throws away what is ready in it; how many that were. */
  readonly purge: (queue: string) => Promise<number>
}

interface Sending {
  readonly id?: string
  readonly exchange?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly replyTo?: string
  readonly correlationId?: string
  readonly contentType?: string
}

export function busClient({ amqp }: Pick<TestConnection, 'amqp'>): BusClient {
  return {
    async send(key, body, { id = randomUUID(), exchange = 'esb_exchange', ...properties } = {}) {
      const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
      const sent = await amqp.publish({ exchange, routingKey: key, content, messageId: id, properties })
      if (!sent.sent) throw new Error(`${key}: ${sent.message}`)
      return id
    },
    async sink(queue, key) {
      const taken: Taken[] = []
      const lane = amqp.onConnect(`sink ${queue}`, async (channel) => {
        await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
        if (key !== undefined) {
          await channel.assertExchange('esb_exchange', 'direct', { durable: false })
          await channel.bindQueue(queue, 'esb_exchange', key)
        }
        await channel.consume(queue, (delivery) => {
          if (delivery === null) return
          taken.push(takenOf(delivery))
          channel.ack(delivery)
        })
        return undefined
      })
      await eventually(() => lane.unready() === undefined)
      return taken
    },
    look: (queue) => amqp.once((channel) => lookedAt(channel, queue)),
    purge: (queue) => amqp.once(async (channel) => (await channel.purgeQueue(queue)).messageCount),
    depth: (queue) => amqp.once(async (channel) => (await channel.checkQueue(queue)).messageCount),
  }
}

async function lookedAt(channel: ConfirmChannel, queue: string): Promise<readonly Taken[]> {
  const found: Taken[] = []
  for (let next = await channel.get(queue); next; next = await channel.get(queue)) found.push(takenOf(next))
  // What was not acknowledged goes back with the channel.
  return found
}

type Delivered = Pick<ConsumeMessage, 'content'> & { readonly properties: Partial<ConsumeMessage['properties']> }

function takenOf({ content, properties }: Delivered): Taken {
  const headers = (properties.headers ?? {}) as Readonly<Record<string, unknown>>
  return { id: String(properties.messageId), text: content.toString(), headers, properties }
}

/** A MessageRoute with what a test says of it. */
export function routeOf(name: string, spec: Readonly<Record<string, unknown>>): object {
  return { apiVersion: 'soaplane.dev/v1alpha1', kind: 'MessageRoute', metadata: { name }, spec }
}

/** A counter or gauge of a route, over all its other labels and all replicas. */
export async function metricOf({ replicas }: Pick<Bus, 'replicas'>, name: string, route: string): Promise<number> {
  const texts = await Promise.all(replicas.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
  const isIts = (line: string) => line.startsWith(`${name}{`) && line.includes(`route="default/${route}"`)
  const lines = texts.flatMap((text) => text.split('\n').filter(isIts))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
