import { afterAll, beforeAll, expect, it } from 'vitest'
import { connections } from '#test/kit/amqp.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { type Bus, startBus } from '#test/kit/esb.ts'
import { busClient, routeOf } from '#test/kit/esb-client.ts'
import { eventually } from '#test/kit/eventually.ts'

let broker: TestBroker
let bus: Bus
const connect = connections(() => broker.url)

beforeAll(async () => {
  broker = await startBroker()
  bus = await startBus({ amqpUrl: broker.url })
})
afterAll(async () => {
  await bus?.stop()
  await broker?.stop()
})

const PATIENT = { timeoutMs: 60_000, everyMs: 50 }
const to = (queue: string) => [{ queue: { name: queue } }]

async function told(route: string): Promise<unknown> {
  const status = (await bus.platform.object('messageroutes', route))?.status
  const said = (status?.conditions ?? []).filter(({ type }) => type !== 'Accepted')
  return {
    conditions: said.map(({ type, status: value, reason, message }) => `${type}=${value}/${reason}: ${message}`),
    replicas: status?.replicas,
  }
}

const serving = {
  conditions: [
    'Programmed=True/Programmed: Every ready replica of the data plane serves it',
    'Ready=True/Ready: Accepted and programmed',
  ],
  replicas: { acked: 1, total: 1 },
}

it('a route that the broker refuses says why, the other works; mended on the broker, it works by itself', async () => {
  const connection = connect()
  await connection.start()
  const { send, sink } = busClient(connection)
  const [taken, other] = [await sink('taken-out'), await sink('other-out')]
  // Somebody sits on the queue that the route is to read, and shares it with nobody.
  const channel = connection.probe()
  const queue = 'soa.route.default.taken'
  await channel.assertQueue(queue, { durable: true })
  const { consumerTag } = await channel.consume(queue, () => {}, { exclusive: true })

  await bus.platform.write('two.yaml', [
    routeOf('taken', { from: { keys: ['taken'] }, to: to('taken-out') }),
    routeOf('other', { from: { keys: ['other'] }, to: to('other-out') }),
  ])
  await eventually(async () => expect(await told('other')).toEqual(serving), PATIENT)
  const why = `A replica refused it: route default/taken: Channel closed by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use"`
  await eventually(
    async () =>
      expect(await told('taken')).toEqual({
        conditions: [`Programmed=False/Refused: ${why}`, `Ready=False/Refused: ${why}`],
        replicas: { acked: 0, total: 1 },
      }),
    PATIENT,
  )
  await send('other', 'meanwhile')
  await eventually(() => expect(other).toMatchObject([{ text: 'meanwhile' }]), PATIENT)

  await channel.cancel(consumerTag)
  await eventually(async () => expect(await told('taken')).toEqual(serving), PATIENT)
  expect(await told('other')).toEqual(serving)
  await send('taken', 'at last')
  await eventually(() => expect(taken).toMatchObject([{ text: 'at last' }]), PATIENT)
})
