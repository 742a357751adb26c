import { describe, expect, it } from 'vitest'
import { busBed, toQueueNamed } from '#test/kit/bus-bed.ts'
import { metricOf, routeOf } from '#test/kit/esb-client.ts'
import { eventually } from '#test/kit/eventually.ts'

const INSTANCE = 'drifting'
const bed = busBed({ flags: { instance: INSTANCE, 'topology-interval-ms': '500' } })
const PATIENT = { timeoutMs: 20_000, everyMs: 100 }

describe('what somebody deletes on the broker', () => {
  it('of what all routes stand on is back within the interval, and works', async () => {
    const { amqp } = await bed.connect()
    const { send, sink } = await bed.client()
    const taken = await sink('drift-out', 'drifted')
    await bed.bus.apply('drift.yaml', [
      routeOf('drift', { from: { keys: ['drift'] }, to: [{ exchange: { name: 'esb_exchange', key: 'drifted' } }] }),
    ])
    const queues = ['soa.delay.0', 'soa.unroutable', 'soa.tap', `soa.topology.${INSTANCE}`]
    await amqp.once(async (channel) => {
      for (const exchange of ['soa.in', 'soa.resume', 'soa.dlx', 'soa.unroutable', 'esb_exchange'])
        await channel.deleteExchange(exchange)
      for (const queue of queues) await channel.deleteQueue(queue)
    })
    for (const queue of queues) await eventually(() => amqp.once((channel) => channel.checkQueue(queue)), PATIENT)
    // The sink's own binding went with the exchange: it is the user's to renew. The route's is the bus's.
    await eventually(() => amqp.once((channel) => channel.bindQueue('drift-out', 'esb_exchange', 'drifted')), PATIENT)
    await eventually(async () => {
      await send('drift', 'x')
      return taken.length > 0
    }, PATIENT)
    const response = await fetch(`${bed.bus.replicas[0]?.url}/readyz`)
    expect(await response.text()).toContain('ok')
  })

  it('of a route is back, too: a retry comes through a delay and a binding that were gone', async () => {
    const { amqp } = await bed.connect()
    const { send, look, depth } = await bed.client()
    await bed.bus.apply('again.yaml', [
      routeOf('again', {
        from: { keys: ['again'] },
        to: toQueueNamed('nowhere'),
        retry: { attempts: 2, backoff: '1s' },
      }),
    ])
    await amqp.once(async (channel) => {
      await channel.deleteExchange('soa.resume')
      await channel.deleteQueue('soa.delay.0')
      await channel.deleteQueue('soa.dlq.default.again')
    })
    await eventually(() => depth('soa.dlq.default.again'), PATIENT)
    await eventually(() => amqp.once((channel) => channel.checkExchange('soa.resume')), PATIENT)
    await eventually(() => depth('soa.delay.0'), PATIENT)
    const id = await send('again', 'x')
    await eventually(async () => (await look('soa.dlq.default.again')).some((each) => each.id === id), PATIENT)
    expect((await look('soa.dlq.default.again'))[0]?.headers).toMatchObject({ 'soa-attempt': 2 })
  })

  it('of the record of what was placed is written again: the next to start knows what is there', async () => {
    const { amqp } = await bed.connect()
    const { depth } = await bed.client()
    const stream = `soa.topology.${INSTANCE}`
    await amqp.once((channel) => channel.deleteQueue(stream))
    await eventually(async () => (await depth(stream)) > 0, PATIENT)
  })
})

describe('what a group holds', () => {
  const aggregate = (size: number, window: string) => ({
    aggregate: { correlation: 'all', size, window, value: "{% { 'n': $count($) } %}" },
  })

  it('is given again when its channel is lost, and let go of by dedupe', async () => {
    const { send, sink } = await bed.client()
    const taken = await sink('held-out')
    await bed.bus.apply('held.yaml', [
      routeOf('held', {
        from: { keys: ['held'] },
        steps: [{ dedupe: { key: '{% $message.id %}', window: '10m' } }, aggregate(2, '10m')],
        to: toQueueNamed('held-out'),
      }),
    ])
    await send('held', 'x', { id: 'first' })
    await eventually(() => isHeld('held'))
    await bed.broker.ctl('close_all_connections', 'a test')
    await eventually(() => isHeld('held'), PATIENT)
    await eventually(() => send('held', 'y', { id: 'second' }), PATIENT)
    await eventually(() => taken.length > 0, PATIENT)
    expect(taken.map(({ text }) => JSON.parse(text))).toEqual([{ n: 2 }])
  })

  it('stays held while the queue of a former shape is drained: both queues fill one group', async () => {
    const { amqp } = await bed.connect()
    const { send, sink, depth } = await bed.client()
    const taken = await sink('drained-out')
    const spec = { from: { keys: ['drained'] }, to: toQueueNamed('drained-out') }
    await bed.bus.apply('drained.yaml', [routeOf('drained', { ...spec, steps: [aggregate(10, '6s')] })])
    // As if it had waited there since before the step came.
    const former = 'soa.route.default.drained'
    await amqp.once((channel) =>
      channel.assertQueue(former, { durable: true, arguments: { 'x-queue-type': 'quorum' } }),
    )
    await amqp.publish({ exchange: '', routingKey: former, content: Buffer.from('x'), messageId: 'former' })
    await send('drained', 'y')
    await eventually(() => taken.length > 0, PATIENT)
    expect(taken.map(({ text }) => JSON.parse(text))).toEqual([{ n: 2 }])
    await eventually(async () => {
      await expect(depth(former)).rejects.toThrow(/404|NOT_FOUND/)
    }, PATIENT)
  })
})

/** Whether the bus has a message of the route in hand. */
async function isHeld(route: string): Promise<boolean> {
  return (await metricOf(bed.bus, 'soa_esb_in_flight', route)) === 1
}
