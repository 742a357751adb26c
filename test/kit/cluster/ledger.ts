import { randomUUID } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import { pino } from 'pino'
import { createAmqp } from '#lib/amqp.ts'
import { createMetrics } from '#lib/metrics.ts'
import { eventually } from '../eventually.ts'

export interface LedgerOptions {
  /** Takes messages, and confirms each with 202. */
  readonly url: string
  readonly amqpUrl: string
  /** Where they come out; must be there. */
  readonly queue: string
  readonly perSecond?: number
}

/** Messages sent at a steady pace, each with an id: which were confirmed, and which came out. */
export interface Ledger {
  readonly confirmed: () => number
  /** Sends until so many more are confirmed. */
  readonly more: (count: number) => Promise<void>
  /** Sends no more; gives the ids of those that were confirmed and do not come out, and how many came out more than once. */
  readonly close: () => Promise<{ readonly lost: readonly string[]; readonly twice: number }>
}

const TICK_MS = 20
const PATIENCE_MS = 120_000
const DRAIN_MS = 60_000

export async function startLedger({ url, amqpUrl, queue, perSecond = 50 }: LedgerOptions): Promise<Ledger> {
  const confirmed = new Set<string>()
  const out = new Map<string, number>()
  const underWay = new Set<Promise<void>>()
  const startedMs = performance.now()
  let sent = 0

  // Acknowledged once it is written down: what a broker that dies gives again is counted, not lost.
  const amqp = createAmqp({
    name: 'ledger',
    url: () => amqpUrl,
    log: pino({ level: 'silent' }),
    metrics: createMetrics({ process: false }),
    random: Math.random,
  })
  amqp.onConnect('ledger', async (channel, { fail }) => {
    await channel.prefetch(100)
    await channel.consume(queue, (message) => {
      if (message === null) return fail('the consumer was cancelled')
      const { id } = JSON.parse(message.content.toString()) as { id: string }
      out.set(id, (out.get(id) ?? 0) + 1)
      channel.ack(message)
    })
    return undefined
  })
  await amqp.start()

  async function send(): Promise<void> {
    const id = randomUUID()
    // One that fails is not tried again: it was not confirmed, and nothing was promised.
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id }),
      signal: AbortSignal.timeout(20_000),
    }).catch(() => undefined)
    if (response?.status === 202) confirmed.add(id)
    await response?.arrayBuffer().catch(() => {})
  }

  const ticking = setInterval(() => {
    for (const due = ((performance.now() - startedMs) / 1_000) * perSecond; sent < due; sent++) {
      const sending = send().finally(() => underWay.delete(sending))
      underWay.add(sending)
    }
  }, TICK_MS)

  const lost = () => [...confirmed].filter((id) => !out.has(id))
  return {
    confirmed: () => confirmed.size,
    async more(count) {
      const goal = confirmed.size + count
      const deadline = performance.now() + PATIENCE_MS
      while (confirmed.size < goal) {
        if (performance.now() > deadline) throw new Error(`only ${confirmed.size} of ${goal} messages are confirmed`)
        await after(TICK_MS)
      }
    },
    async close() {
      clearInterval(ticking)
      await Promise.all(underWay)
      await eventually(() => lost().length === 0, { timeoutMs: DRAIN_MS, everyMs: 100 }).catch(() => {})
      await amqp.stop()
      return { lost: lost(), twice: [...out.values()].filter((count) => count > 1).length }
    },
  }
}
