import { describe, expect, it } from 'vitest'
import type { ConfirmChannel, ConsumeMessage } from '#lib/amqp.ts'
import { createMetrics } from '#lib/metrics.ts'
import { eventually } from '#test/kit/eventually.ts'
import { quietLog } from '#test/kit/quiet.ts'
import type { Message } from '../mediations/message.ts'
import type { Held, Mediation, Plan } from '../mediations/plan.ts'
import { esbMetrics } from '../metrics.ts'
import { createHandler } from './handle.ts'
import { createInHand } from './in-hand.ts'
import { createSeen } from './seen.ts'

// Fakes: that a channel ends between the plan of a message and what follows of it is nothing that a broker does on demand.
const clock = { now: () => 0, monotonic: () => performance.now() }
const send = async () => ({ sent: true }) as const

/** A route that collects two messages, and drops copies; each plan is made when the test says so. */
function bed() {
  const joined: (readonly string[])[] = []
  const planning: (() => void)[] = []
  const planned: string[] = []
  const group = { step: 'all', correlation: 'all', size: 2, windowMs: 60_000 }
  const hold = (
    message: Message,
  ): Plan & { readonly remember: { readonly key: string; readonly windowMs: number } } => ({
    ...{ outcome: 'hold', group, held: { message, value: message.id }, trace: [] },
    remember: { key: message.id, windowMs: 60_000 },
  })
  const mediation: Mediation = {
    async plan(message) {
      await new Promise<void>((resolve) => planning.push(resolve))
      planned.push(message.id)
      return hold(message)
    },
    async resume(_group, held: readonly Held[]) {
      joined.push(held.map(({ message }) => message.id))
      return { outcome: 'deliver', deliveries: [], trace: [] }
    },
  }
  const handler = createHandler({
    ...{ route: 'default/all', queue: 'soa.single.default.all', maxHops: 16, maxBytes: 1_000, clock, send },
    mediation: () => mediation,
    ports: { monotonic: clock.monotonic, call: fails, seen: () => false, withValues: false },
    throttles: () => [],
    seen: createSeen({ stream: 'soa.seen.default.all', consuming: { once: fails }, send, clock }),
    deliver: async () => undefined,
    putAway: async () => 'put away',
    metrics: esbMetrics(createMetrics(), () => new Map()).of('default/all'),
    log: quietLog(),
  })
  const inHand = createInHand(clock.monotonic)

  /** A channel of this route's; `end` is what its consumer does when it is lost. */
  function channel() {
    const over = new AbortController()
    const own = { ack() {} } as unknown as ConfirmChannel
    let tag = 0
    return {
      give(messageId: string) {
        const delivery = {
          fields: { exchange: '', routingKey: '', deliveryTag: ++tag },
          properties: { messageId, headers: {} },
          content: Buffer.from('x'),
        } as unknown as ConsumeMessage
        void handler.handle(delivery, inHand.take(own, delivery, over.signal))
      },
      end() {
        over.abort()
        handler.abandon(over.signal)
        inHand.forget(own)
      },
    }
  }

  /** Lets what waits for its plan have it, as often as it asks, until `when` holds. */
  const until = (when: () => boolean) =>
    eventually(() => {
      for (const plan of planning.splice(0)) plan()
      return when()
    })
  return { channel, until, planning, planned, joined, inHand }
}

describe('a message whose channel ends', () => {
  it('while it is planned is no member of a group, and lets go of its key', async () => {
    const { channel, until, planning, joined, inHand } = bed()
    const [lost, next] = [channel(), channel()]
    lost.give('first')
    await eventually(() => planning.length === 1)
    lost.end()
    next.give('first')
    next.give('second')
    await until(() => joined.length > 0)
    expect(joined[0]?.toSorted()).toEqual(['first', 'second'])
    // Those that came by the channel that is left: none of them waits for another group.
    await eventually(() => inHand.count() === 0)
  })

  it('while its group waits is taken out of it, and lets go of its key; others of the group stay', async () => {
    const { channel, until, planned, joined, inHand } = bed()
    const [lost, other] = [channel(), channel()]
    lost.give('first')
    await until(() => planned.length === 1)
    lost.end()
    expect(inHand.count()).toBe(0)
    other.give('first')
    other.give('second')
    await until(() => joined.length > 0)
    expect(joined).toEqual([['first', 'second']])
    await eventually(() => inHand.count() === 0)
  })
})

async function fails(): Promise<never> {
  throw new Error('nobody asks for this here')
}
