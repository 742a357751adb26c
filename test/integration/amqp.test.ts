import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type AmqpState, type ConsumeMessage, reachAmqp } from '#lib/amqp.ts'
import { connections, freshQueue, ready, textOf, toQueue } from '#test/kit/amqp.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { eventually } from '#test/kit/eventually.ts'

let broker: TestBroker
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(() => broker.stop())
const connection = connections(() => broker.url)

describe('publishing', () => {
  it('is done when the broker has confirmed, and the message is in the queue', async () => {
    const { amqp, probe, start, metrics } = connection()
    await start()
    const queue = await freshQueue(probe())
    const message = { ...toQueue(queue, 'hello'), properties: { type: 'GREETING', headers: { traceparent: '00-1' } } }
    expect(await amqp.publish(message)).toEqual({ sent: true })
    const got = await probe().get(queue, { noAck: true })
    expect(got && [textOf(got), got.properties.messageId, got.properties.type, got.properties.deliveryMode]).toEqual([
      'hello',
      message.messageId,
      'GREETING',
      2,
    ])
    expect(await metrics.text()).toContain('soa_amqp_published_total{connection="test",outcome="sent"} 1')
    expect(await metrics.text()).toContain('soa_amqp_connected{connection="test"} 1')
  })

  it('tells of a message that no queue takes', async () => {
    const { amqp, start } = connection()
    await start()
    expect(await amqp.publish(toQueue('nobody', 'hello'))).toEqual({
      sent: false,
      reason: 'Unroutable',
      message: 'NO_ROUTE: exchange "" has no queue for key "nobody"',
    })
  })

  it('tells of a message that the broker refuses', async () => {
    const { amqp, probe, start } = connection()
    await start()
    const queue = await freshQueue(probe(), { 'x-max-length': 1, 'x-overflow': 'reject-publish' })
    expect(await amqp.publish(toQueue(queue, 'fits'))).toEqual({ sent: true })
    expect(await amqp.publish(toQueue(queue, 'too much'))).toEqual({
      sent: false,
      reason: 'Refused',
      message: 'the broker refused the message',
    })
  })

  it('tells that the outcome is unknown when the broker closes the channel, and works again by itself', async () => {
    const { amqp, probe, start } = connection()
    await start()
    const queue = await freshQueue(probe())
    await expect(amqp.publish({ ...toQueue(queue, 'x'), exchange: 'nowhere' })).rejects.toThrow(
      /may or may not have been sent: .*no exchange 'nowhere'/,
    )
    await ready(amqp)
    expect(await amqp.publish(toQueue(queue, 'x'))).toEqual({ sent: true })
  })
})

describe('a lane', () => {
  it('harms no other by a fault, and is set up again until it works', async () => {
    const { amqp, probe, start } = connection()
    await start()
    const [missing, mine] = [`test-${randomUUID()}`, await freshQueue(probe())]
    const other = connection()
    const setups = { good: 0, bad: 0 }
    other.amqp.onConnect('good', () => {
      setups.good += 1
      return undefined
    })
    other.amqp.onConnect('bad', async (channel) => {
      setups.bad += 1
      await channel.checkQueue(missing)
      return undefined
    })
    await other.amqp.start()
    await eventually(() => expect(setups.bad).toBeGreaterThan(2))
    expect(other.amqp.unready()).toMatch(/^bad: .*404 \(NOT-FOUND\).*no queue/)
    expect(await other.amqp.publish(toQueue(mine, 'x'))).toEqual({ sent: true })
    await probe().assertQueue(missing)
    await ready(other.amqp)
    expect([setups.good, await amqp.publish(toQueue(missing, 'x'))]).toEqual([1, { sent: true }])
  })

  it('consumes anew when the broker cancels its consumer', async () => {
    const { amqp, probe, start } = connection()
    const queue = `test-${randomUUID()}`
    const got: (string | undefined)[] = []
    amqp.onConnect('consumer', async (channel, { fail }) => {
      await channel.assertQueue(queue)
      await channel.consume(queue, (message) => {
        if (message === null) return fail('consumer was cancelled')
        got.push(textOf(message))
        channel.ack(message)
      })
      return undefined
    })
    await start()
    await probe().deleteQueue(queue)
    await eventually(async () => {
      await amqp.publish(toQueue(queue, 'after'))
      expect(got).toContain('after')
    })
  })
})

describe('a broker that is killed and comes back', () => {
  it('is connected to again, with every lane set up anew and no confirmed message lost', async () => {
    const { amqp, probe, start, lines } = connection()
    const queue = `test-${randomUUID()}`
    const [got, states]: [string[], AmqpState['phase'][]] = [[], []]
    let setups = 0
    amqp.onState(({ phase }) => states.push(phase))
    amqp.onConnect('consumer', async (channel) => {
      setups += 1
      await channel.assertQueue(queue, { durable: true })
      await channel.consume(queue, (message) => {
        // In hand at the kill, hence not settled.
        if (message !== null && setups > 1) {
          got.push(String(textOf(message)))
          channel.ack(message)
        }
      })
      return undefined
    })
    await start()
    await amqp.publish(toQueue(queue, 'confirmed before the kill'))
    // The broker keeps the declaration of a new queue in memory for up to two seconds; this is about messages.
    await broker.ctl('eval', 'mnesia:sync_log().')
    await broker.kill()
    await eventually(() => expect(amqp.state().phase).toBe('down'))
    await expect(amqp.publish(toQueue(queue, 'meanwhile'))).rejects.toThrow(
      'Message was not sent: no connection to the broker',
    )
    await broker.restart()
    await ready(amqp)
    expect(await amqp.publish(toQueue(queue, 'after'))).toEqual({ sent: true })
    await eventually(() => expect(got).toEqual(['confirmed before the kill', 'after']))
    expect([setups, states[0], states.at(-1), (await probe().checkQueue(queue)).messageCount]).toEqual([
      2,
      'down',
      'up',
      0,
    ])
    // Each reason once, however many attempts it took.
    const warnings = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 40)
    expect(new Set(warnings.map(({ error }) => error)).size).toBe(warnings.length)
  })
})

describe('a broker under a memory alarm', () => {
  afterEach(() => broker.ctl('set_vm_memory_high_watermark', '0.4'))

  it('takes no messages until the alarm is over, and what was on its way then is confirmed', async () => {
    const { amqp, probe, start, metrics } = connection()
    await start()
    const queue = await freshQueue(probe())
    await broker.ctl('set_vm_memory_high_watermark', '0')
    // The broker blocks a connection at its first message.
    const onItsWay = amqp.publish(toQueue(queue, 'on its way'))
    await eventually(() => expect(amqp.state()).toEqual({ phase: 'blocked', reason: 'low on memory' }))
    await expect(amqp.publish(toQueue(queue, 'refused'))).rejects.toThrow(
      'Message was not sent: the broker blocks publishers (low on memory)',
    )
    expect(await metrics.text()).toContain('soa_amqp_blocked{connection="test"} 1')
    await broker.ctl('set_vm_memory_high_watermark', '0.4')
    expect(await onItsWay).toEqual({ sent: true })
    await eventually(() => expect(amqp.state()).toEqual({ phase: 'up' }))
    expect(await amqp.publish(toQueue(queue, 'after'))).toEqual({ sent: true })
    expect((await probe().checkQueue(queue)).messageCount).toBe(2)
  })

  it('is left at once on stop', async () => {
    const { amqp, probe, start } = connection()
    await start()
    const queue = await freshQueue(probe())
    await broker.ctl('set_vm_memory_high_watermark', '0')
    const late = amqp.publish(toQueue(queue, 'x'), { timeoutMs: 500 }).catch(String)
    await eventually(() => expect(amqp.state().phase).toBe('blocked'))
    await amqp.stop()
    expect(await late).toContain('may or may not have been sent')
  })
})

describe('credentials', () => {
  it('are in no log line, no state and no error when the broker refuses them', async () => {
    const url = broker.url.replace('guest:guest', 'mallory:s3cret%23')
    const { amqp, lines } = connection({ url })
    await amqp.start()
    await eventually(() => expect(amqp.unready()).toMatch(/403 \(ACCESS-REFUSED\)/))
    const { hostname, port } = new URL(broker.url.replace('amqp', 'http'))
    expect(JSON.parse(lines.at(0) ?? '{}')).toMatchObject({
      msg: 'Broker is out of reach',
      connection: 'test',
      broker: `amqp://${hostname}:${port}`,
    })
    const refusal = await reachAmqp(url).catch((error: Error) => error.message)
    expect(refusal).toMatch(new RegExp(`^No broker at amqp://${hostname}:${port}: .*ACCESS-REFUSED`))
    expect([...lines, JSON.stringify(amqp.state()), refusal].join('\n')).not.toMatch(/s3cret|mallory/)
  })
})

describe('stopping', () => {
  it('finishes what consumers have in hand, and what they publish then, before the connection closes', async () => {
    const { amqp, probe, start } = connection()
    const [inbox, outbox] = [`test-${randomUUID()}`, `test-${randomUUID()}`]
    const inHand = Promise.withResolvers<void>()
    const mayFinish = Promise.withResolvers<void>()
    amqp.onConnect('consumer', async (channel) => {
      await channel.assertQueue(inbox)
      await channel.assertQueue(outbox)
      const working = new Set<Promise<void>>()
      const work = async (message: ConsumeMessage) => {
        inHand.resolve()
        await mayFinish.promise
        await amqp.publish(toQueue(outbox, `${textOf(message)}, done`))
        channel.ack(message)
      }
      await channel.prefetch(1)
      const { consumerTag } = await channel.consume(inbox, (message) => {
        if (message !== null) working.add(work(message))
      })
      return async () => {
        await channel.cancel(consumerTag)
        await Promise.all(working)
      }
    })
    await start()
    for (const text of ['first', 'second']) await amqp.publish(toQueue(inbox, text))
    await inHand.promise
    const stopped = amqp.stop()
    await eventually(async () => {
      expect((await probe().checkQueue(inbox)).consumerCount).toBe(0)
    }).finally(mayFinish.resolve)
    await stopped
    expect(amqp.state()).toEqual({ phase: 'down', reason: 'closed' })

    const after = connection()
    await after.start()
    expect(textOf(await after.probe().get(outbox, { noAck: true }))).toBe('first, done')
    expect((await after.probe().checkQueue(inbox)).messageCount).toBe(1)
  })

  it('waits for nothing when there is no broker', async () => {
    const { amqp } = connection({ url: 'amqp://127.0.0.1:1' })
    await amqp.start()
    await eventually(() => expect(amqp.unready()).toMatch(/ECONNREFUSED/))
    await amqp.stop()
    expect(amqp.state()).toEqual({ phase: 'down', reason: 'closed' })
  })
})
