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
  bus = await startBus({ amqpUrl: broker.url, replicas: 2 })
})
afterAll(async () => {
  await bus?.stop()
  await broker?.stop()
})

const PATIENT = { timeoutMs: 60_000, everyMs: 50 }
const to = (queue: string) => [{ queue: { name: queue } }]

async function told(route: string): Promise<string> {
  const conditions = (await bus.platform.object('messageroutes', route))?.status?.conditions ?? []
  const { status, reason, message } = conditions.find(({ type }) => type === 'Programmed') ?? {}
  return `${status} ${reason}: ${message}`
}

it('a route to whose exchange the user has no right is refused by itself, and works once the right is given', async () => {
  const connection = connect()
  await connection.start()
  const { send, sink } = busClient(connection)
  const [barred, open] = [await sink('barred-out'), await sink('open-out')]
  await connection.probe().assertExchange('vault', 'direct', { durable: true })
  await broker.ctl('set_permissions', 'guest', '.*', '.*', '^(?!vault$).*$')
  await bus.platform.write('two.yaml', [
    routeOf('barred', { from: { exchange: 'vault', keys: ['k'] }, to: to('barred-out') }),
    routeOf('open', { from: { keys: ['open'] }, to: to('open-out') }),
  ])
  await eventually(async () => expect(await told('open')).toMatch(/^True Programmed/), PATIENT)
  await eventually(
    async () => expect(await told('barred')).toMatch(/^False Refused: .*ACCESS_REFUSED - access to exchange 'vault'/),
    PATIENT,
  )
  await send('open', 'meanwhile')
  await eventually(() => expect(open).toMatchObject([{ text: 'meanwhile' }]), PATIENT)
  await broker.ctl('set_permissions', 'guest', '.*', '.*', '.*')
  await eventually(async () => expect(await told('barred')).toMatch(/^True Programmed/), PATIENT)
  await send('k', 'at last', { exchange: 'vault' })
  await eventually(() => expect(barred).toMatchObject([{ text: 'at last' }]), PATIENT)
})
