import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConsumeMessage } from '#lib/amqp.ts'
import { createAcks } from '#services/esb/routes/acks.ts'
import { connections, freshQueue, toQueue } from '#test/kit/amqp.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { eventually } from '#test/kit/eventually.ts'

let broker: TestBroker
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(() => broker?.stop())
const connect = connections(() => broker.url)

it('acknowledgements in any order are taken by a broker, which has nothing left and closes nothing', async () => {
  const { amqp, probe, start } = connect()
  await start()
  const queue = await freshQueue(probe(), { 'x-queue-type': 'quorum' })
  const order = [[1, 3, 5], [2], [6, 8], [4], [10, 7], [9]]
  for (const tag of order.flat()) await amqp.publish(toQueue(queue, String(tag)))
  await amqp.once(async (channel) => {
    const taken: ConsumeMessage[] = []
    await channel.consume(queue, (message) => message && taken.push(message))
    await eventually(() => expect(taken).toHaveLength(order.flat().length))
    const acks = createAcks({ ack: (delivery, allUpTo) => channel.ack(delivery as ConsumeMessage, allUpTo) })
    for (const turn of order) {
      for (const tag of turn) acks.add(tag)
      acks.flush()
    }
    // Answered behind the acknowledgements, on the channel that they would have closed.
    await channel.checkQueue(queue)
  })
  const emptied = await amqp.once((channel) => channel.deleteQueue(queue))
  expect(emptied.messageCount).toBe(0)
})
