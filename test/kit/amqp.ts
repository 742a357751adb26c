import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterEach, expect } from 'vitest'
import { type Amqp, type ConfirmChannel, createAmqp, type Outgoing } from '#lib/amqp.ts'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import { eventually } from './eventually.ts'

export interface TestConnection {
  readonly amqp: Amqp
  readonly metrics: Metrics
  /** What it has logged, JSON. */
  readonly lines: readonly string[]
  /** The channel of a lane of its own: to declare, and to look. */
  readonly probe: () => ConfirmChannel
  /** Resolves when all its lanes are set up. */
  readonly start: () => Promise<void>
}

const open: Amqp[] = []

/** Connections that stop with the test; call it once in the file. */
export function connections(defaultUrl: () => string): (options?: { readonly url?: string }) => TestConnection {
  afterEach(async () => {
    for (const amqp of open.splice(0)) await amqp.stop()
  })
  return ({ url = defaultUrl() } = {}) => connection(url)
}

function connection(url: string): TestConnection {
  const lines: string[] = []
  const metrics = createMetrics({ process: false })
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const backoff = { baseMs: 20, maxMs: 200 }
  const amqp = createAmqp({ name: 'test', url: () => url, log, metrics, random: Math.random, backoff })
  open.push(amqp)
  let channel: ConfirmChannel | undefined
  amqp.onConnect('probe', (fresh) => {
    channel = fresh
    return undefined
  })
  return {
    amqp,
    metrics,
    lines,
    probe() {
      if (channel === undefined) throw new Error('not connected yet')
      return channel
    },
    async start() {
      await amqp.start()
      await ready(amqp)
    },
  }
}

export async function ready(amqp: Amqp): Promise<void> {
  await eventually(() => expect(amqp.unready()).toBeUndefined(), { timeoutMs: 30_000 })
}

export function toQueue(queue: string, text: string): Outgoing {
  return { exchange: '', routingKey: queue, content: Buffer.from(text), messageId: randomUUID() }
}

export function textOf(message: { readonly content: Buffer } | false | null): string | undefined {
  return message ? message.content.toString() : undefined
}

export async function freshQueue(channel: ConfirmChannel, args: Record<string, unknown> = {}): Promise<string> {
  const { queue } = await channel.assertQueue(`test-${randomUUID()}`, { durable: true, arguments: args })
  return queue
}
