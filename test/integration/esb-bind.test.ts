import { expect, it } from 'vitest'
import { busBed, toQueueNamed } from '#test/kit/bus-bed.ts'
import { busClient, routeOf } from '#test/kit/esb-client.ts'
import { eventually } from '#test/kit/eventually.ts'

const bed = busBed({ replicas: 2 })

const PATIENT = { timeoutMs: 60_000, everyMs: 50 }

async function told(route: string): Promise<string> {
  const conditions = (await bed.bus.platform.object('messageroutes', route))?.status?.conditions ?? []
  const { status, reason, message } = conditions.find(({ type }) => type === 'Programmed') ?? {}
  return `${status} ${reason}: ${message}`
}

it('a route to whose exchange the user has no right is refused by itself, and works once the right is given', async () => {
  const connection = await bed.connect()
  const { send, sink } = busClient(connection)
  const [barred, open] = [await sink('barred-out'), await sink('open-out')]
  await connection.probe().assertExchange('vault', 'direct', { durable: true })
  await bed.broker.ctl('set_permissions', 'guest', '.*', '.*', '^(?!vault$).*$')
  await bed.bus.platform.write('two.yaml', [
    routeOf('barred', { from: { exchange: 'vault', keys: ['k'] }, to: toQueueNamed('barred-out') }),
    routeOf('open', { from: { keys: ['open'] }, to: toQueueNamed('open-out') }),
  ])
  await eventually(async () => expect(await told('open')).toMatch(/^True Programmed/), PATIENT)
  await eventually(
    async () => expect(await told('barred')).toMatch(/^False Refused: .*ACCESS_REFUSED - access to exchange 'vault'/),
    PATIENT,
  )
  await send('open', 'meanwhile')
  await eventually(() => expect(open).toMatchObject([{ text: 'meanwhile' }]), PATIENT)
  await bed.broker.ctl('set_permissions', 'guest', '.*', '.*', '.*')
  await eventually(async () => expect(await told('barred')).toMatch(/^True Programmed/), PATIENT)
  await send('k', 'at last', { exchange: 'vault' })
  await eventually(() => expect(barred).toMatchObject([{ text: 'at last' }]), PATIENT)
})
