import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connections, freshQueue, ready, textOf, toQueue } from '#test/kit/amqp.ts'
import { startCluster } from '#test/kit/broker/cluster.ts'
import { cutConsumers, deleteQueue, diskAlarm, memoryAlarm, queues, settled } from '#test/kit/broker/faults.ts'
import { startProxy } from '#test/kit/broker/proxy.ts'
import { BROKER_VERSIONS, startBroker, type TestBroker } from '#test/kit/broker.ts'
import { eventually } from '#test/kit/eventually.ts'

// What the tests of the bus do to brokers, seen from an ordinary connection.

const PATIENT = { timeoutMs: 30_000, everyMs: 100 }
const QUORUM = { 'x-queue-type': 'quorum' }

describe.each(BROKER_VERSIONS)('a broker of the test bed, %s', (version) => {
  let broker: TestBroker
  beforeAll(async () => {
    broker = await startBroker({ version })
  })
  afterAll(() => broker.stop())
  const connection = connections(() => broker.url)

  it('is of that version, and has the settings that the chart gives it', async () => {
    const { amqp, start } = connection()
    await start()
    expect(amqp.version()).toMatch(new RegExp(`^${version.replace('.', '\\.')}\\.\\d+$`))
    const setting = (name: string) => broker.ctl('eval', `application:get_env(rabbit, ${name}).`)
    expect([
      await setting('dead_letter_worker_publisher_confirm_timeout'),
      await setting('dead_letter_worker_consumer_prefetch'),
    ]).toEqual(['{ok,5000}', '{ok,256}'])
  })

  it('keeps what clients send to a key of esb_exchange that nobody binds, where there is a place for it', async () => {
    const { amqp, probe, start } = connection()
    await start()
    await probe().assertExchange('esb_exchange', 'direct', { durable: false })
    await probe().assertExchange('soa.unroutable', 'fanout')
    const kept = await freshQueue(probe())
    await probe().bindQueue(kept, 'soa.unroutable', '')
    const message = { ...toQueue('nobody', 'for nobody'), exchange: 'esb_exchange' }
    expect(await amqp.publish(message)).toEqual({ sent: true })
    expect(textOf(await probe().get(kept, { noAck: true }))).toBe('for nobody')
  })

  it('has its queues and messages when it was killed as soon as they were settled', async () => {
    const { amqp, probe, start } = connection()
    await start()
    const queue = await freshQueue(probe(), QUORUM)
    expect(await amqp.publish(toQueue(queue, 'kept'))).toEqual({ sent: true })
    await settled(broker)
    await broker.kill()
    await broker.restart()
    await ready(amqp)
    await eventually(async () => expect(textOf(await probe().get(queue, { noAck: true }))).toBe('kept'), PATIENT)
  })

  it.each([
    { alarm: memoryAlarm, of: 'memory' },
    { alarm: diskAlarm, of: 'disk' },
  ])('blocks publishers while the alarm of $of is raised', async ({ alarm }) => {
    const { amqp, probe, start } = connection()
    await start()
    const queue = await freshQueue(probe())
    await alarm.raise(broker)
    onTestFinished(async () => void (await alarm.lift(broker)))
    // The broker tells so when something is published.
    amqp.publish(toQueue(queue, 'waits')).catch(() => {})
    await eventually(() => expect(amqp.state().phase).toBe('blocked'), PATIENT)
    await alarm.lift(broker)
    await eventually(() => expect(amqp.state().phase).toBe('up'), PATIENT)
  })

  it('closes the connection of a consumer, deletes a queue, and tells which there are', async () => {
    const { amqp, probe, start } = connection()
    await start()
    const [read, other] = [await freshQueue(probe(), QUORUM), await freshQueue(probe())]
    let consumers = 0
    amqp.onConnect('reader', async (channel) => {
      await channel.consume(read, () => {})
      consumers++
      return undefined
    })
    await eventually(() => expect(consumers).toBe(1))
    // Statistics of a channel come a moment after it.
    await eventually(async () => expect(await cutConsumers(broker, read)).toBe(1), PATIENT)
    await eventually(() => expect(consumers).toBe(2), PATIENT)
    expect(await queues(broker)).toEqual(expect.arrayContaining([read, other]))
    await deleteQueue(broker, other)
    expect(await queues(broker)).not.toContain(other)
  })
})

describe('a cluster of the test bed', () => {
  const connection = connections(() => '')

  it('has a member of each quorum queue on every node, and none misses a message while one node is down', async () => {
    const cluster = await startCluster({ nodes: 3 })
    onTestFinished(cluster.stop)
    const [first, second, third] = cluster.nodes
    const { amqp, probe, start } = connection({ url: first?.url ?? '' })
    await start()
    const queue = await freshQueue(probe(), QUORUM)
    expect(await first?.ctl('eval', `length(${membersOf(queue)}).`)).toBe('3')
    await settled(first as never)

    await second?.kill()
    await eventually(
      async () => expect(await amqp.publish(toQueue(queue, 'with two'))).toEqual({ sent: true }),
      PATIENT,
    )
    await second?.restart()
    await third?.kill()
    await eventually(async () => expect(textOf(await probe().get(queue, { noAck: true }))).toBe('with two'), PATIENT)
    await third?.restart()
  })
})

const membersOf = (queue: string) =>
  `maps:get(nodes, amqqueue:get_type_state(element(2, rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)))))`

describe('a stretch of network', () => {
  let broker: TestBroker
  beforeAll(async () => {
    broker = await startBroker()
  })
  afterAll(() => broker.stop())
  const connection = connections(() => broker.url)

  it('can be cut, and be there again', async () => {
    const proxy = await startProxy(broker.url)
    onTestFinished(proxy.stop)
    const { amqp, probe, start } = connection({ url: proxy.url })
    await start()
    const queue = await freshQueue(probe())
    proxy.cut()
    await eventually(() => expect(amqp.state().phase).toBe('down'))
    await expect(amqp.publish(toQueue(queue, 'x'))).rejects.toThrow('Message was not sent')
    proxy.resume()
    await ready(amqp)
    expect(await amqp.publish(toQueue(queue, 'x'))).toEqual({ sent: true })
  })

  it('can be frozen: nothing comes through and nobody is told, until it thaws', async () => {
    const proxy = await startProxy(broker.url)
    onTestFinished(proxy.stop)
    const { amqp, probe, start } = connection({ url: proxy.url })
    await start()
    const queue = await freshQueue(probe())
    proxy.freeze()
    await expect(amqp.publish(toQueue(queue, 'x'), { timeoutMs: 200 })).rejects.toThrow('no confirm in time')
    expect(amqp.state().phase).toBe('up')
    proxy.resume()
    expect(await amqp.publish(toQueue(queue, 'y'))).toEqual({ sent: true })
    expect((await probe().checkQueue(queue)).messageCount).toBe(2)
  })
})
