import { describe, expect, it } from 'vitest'
import { cutConsumers, memoryAlarm, settled } from '#test/kit/broker/faults.ts'
import { busBed, toQueueNamed } from '#test/kit/bus-bed.ts'
import { metricOf, routeOf } from '#test/kit/esb-client.ts'
import { eventually } from '#test/kit/eventually.ts'

// Rows of the table of failures that one node can show, in its order; docs/architecture.md has the table.
const bed = busBed({ flags: { 'topology-interval-ms': '500', 'confirm-timeout-ms': '3000' } })

const PATIENT = { timeoutMs: 20_000, everyMs: 50 }

describe('a broker', () => {
  it('under a memory alarm takes nothing, and what is in hand goes on when it is over (row 10)', async () => {
    const { sink } = await bed.client()
    const taken = await sink('alarm-out')
    await bed.bus.apply('alarm.yaml', [routeOf('alarm', { from: { keys: ['alarm'] }, to: toQueueNamed('alarm-out') })])
    const { send } = await bed.client()
    await send('alarm', 'before')
    await eventually(() => taken.length === 1)
    await memoryAlarm.raise(bed.broker)
    // Of what a blocked publisher has sent the broker reads nothing; it is there when the alarm is over.
    const late = Array.from({ length: 20 }, (_none, i) => send('alarm', String(i)).catch(() => undefined))
    await memoryAlarm.lift(bed.broker)
    const confirmed = (await Promise.all(late)).filter((id) => id !== undefined)
    await eventually(() => {
      const ids = new Set(taken.map(({ id }) => id.split('/')[0]))
      return confirmed.every((id) => ids.has(id))
    }, PATIENT)
  })

  it.each([
    {
      when: 'deletes the queue of a route (row 12)',
      how: () => bed.broker.ctl('delete_queue', 'soa.route.default.mends'),
    },
    { when: 'closes the connection of a consumer', how: () => cutConsumers(bed.broker, 'soa.route.default.mends') },
    {
      when: 'has lost a binding',
      how: () => bed.broker.ctl('eval', unbind('soa.in', 'soa.route.default.mends', 'mends')),
    },
  ])('that $when has it back in time', async ({ how }) => {
    const { send, sink } = await bed.client()
    const taken = await sink('mends-out')
    await bed.bus.apply('mends.yaml', [routeOf('mends', { from: { keys: ['mends'] }, to: toQueueNamed('mends-out') })])
    await how()
    await eventually(async () => {
      await send('mends', 'x')
      return taken.length > 0
    }, PATIENT)
  })

  it('that is stopped and comes back finds its exchanges again, the transient one too, and all that was confirmed (row 13)', async () => {
    const { send, sink } = await bed.client()
    await bed.bus.apply('restart.yaml', [
      routeOf('restart', { from: { keys: ['restart'] }, to: toQueueNamed('restart-out') }),
    ])
    const ids = await Promise.all(Array.from({ length: 50 }, (_none, i) => send('restart', String(i))))
    await settled(bed.broker)
    await bed.broker.kill()
    await eventually(() => bed.bus.replicas.length > 0 && notReady())
    await bed.broker.restart()
    const taken = await sink('restart-out')
    await eventually(() => ids.every((id) => taken.some((each) => each.id.startsWith(id))), PATIENT)
    await eventually(async () => {
      await send('restart', 'after')
      return taken.some(({ text }) => text === 'after')
    }, PATIENT)
  })

  it('that restarts has lost what a client kept in a transient queue; what comes before the client is back is kept (row 14)', async () => {
    const { amqp } = await bed.connect()
    const { send, depth, look } = await bed.client()
    const declared = () =>
      amqp.once(async (channel) => {
        await channel.assertQueue('passing', { durable: false })
        await channel.bindQueue('passing', 'esb_exchange', 'passing')
      })
    await declared()
    await send('passing', 'before')
    await eventually(async () => (await depth('passing')) === 1)
    await bed.broker.shutDown()
    await bed.broker.restart()
    await eventually(async () => {
      await expect(depth('passing')).rejects.toThrow(/404|NOT_FOUND/)
    }, PATIENT)
    await eventually(() => send('passing', 'while it is gone'), PATIENT)
    await eventually(
      async () => (await look('soa.unroutable')).some(({ text }) => text === 'while it is gone'),
      PATIENT,
    )
    await declared()
    await send('passing', 'after')
    await eventually(async () => (await look('passing')).map(({ text }) => text).join() === 'after', PATIENT)
  })

  it('whose operator weakens its queues by a policy deletes nothing that waits: arguments come first (row 18)', async () => {
    const { send, sink, depth } = await bed.client()
    const weaker = { 'dead-letter-strategy': 'at-most-once', overflow: 'drop-head', 'max-length': 1 }
    await bed.bus.apply('weak.yaml', [
      routeOf('weak', {
        from: { keys: ['weak'] },
        to: toQueueNamed('weak-out'),
        retry: { attempts: 10, backoff: '2s' },
      }),
    ])
    await bed.broker.ctl('set_policy', '--apply-to', 'queues', 'weaker', '^soa\\.', JSON.stringify(weaker))
    const ids = await Promise.all(Array.from({ length: 20 }, (_none, i) => send('weak', String(i))))
    await eventually(async () => (await metricOf(bed.bus, 'soa_esb_messages_retried_total', 'weak')) >= 20, PATIENT)
    const taken = await sink('weak-out')
    await eventually(() => ids.every((id) => taken.some((each) => each.id.startsWith(id))), PATIENT)
    await bed.broker.ctl('clear_policy', 'weaker')
    expect(await depth('soa.route.default.weak')).toBe(0)
  })

  async function notReady(): Promise<boolean> {
    const [replica] = bed.bus.replicas
    return (await fetch(`${replica?.url}/readyz`)).status === 503
  }
})

function unbind(exchange: string, queue: string, key: string): string {
  const resource = (kind: string, name: string) => `{resource, <<"/">>, ${kind}, <<"${name}">>}`
  const binding = `{binding, ${resource('exchange', exchange)}, <<"${key}">>, ${resource('queue', queue)}, []}`
  return `rabbit_binding:remove(${binding}, fun(_, _) -> ok end, <<"test">>).`
}
