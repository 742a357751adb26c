import { describe, expect, it } from 'vitest'
import { busBed, toQueueNamed } from '#test/kit/bus-bed.ts'
import { metricOf, routeOf } from '#test/kit/esb-client.ts'
import { eventually } from '#test/kit/eventually.ts'

// Rows of the table of failures that one node can show, in its order; docs/architecture.md has the table.
const bed = busBed({ flags: { 'topology-interval-ms': '500', 'confirm-timeout-ms': '3000' } })

const PATIENT = { timeoutMs: 20_000, everyMs: 50 }

describe('a destination that fails', () => {
  it('is tried again until it is there, and then has the message once', async () => {
    const { send, sink } = await bed.client()
    await bed.bus.apply('later.yaml', [routeOf('later', { from: { keys: ['later'] }, to: toQueueNamed('later-out') })])
    const id = await send('later', 'x')
    await eventually(async () => (await metricOf(bed.bus, 'soa_esb_messages_retried_total', 'later')) > 0, PATIENT)
    const taken = await sink('later-out')
    await eventually(() => taken.length > 0, PATIENT)
    expect(taken).toMatchObject([{ text: 'x', id: `${id}/default/later/to/0` }])
    // Nothing of the bus's way of waiting leaves with it.
    expect(Object.keys(taken[0]?.headers ?? {}).filter((name) => /death|soa-(?!hops)/.test(name))).toEqual([])
  })

  it('does not keep the others waiting, nor sends them a second copy', async () => {
    const { send, sink } = await bed.client()
    const good = await sink('both-good')
    await bed.bus.apply('both.yaml', [
      routeOf('both', { from: { keys: ['both'] }, to: [...toQueueNamed('both-good'), ...toQueueNamed('both-late')] }),
    ])
    await send('both', 'x')
    await eventually(() => good.length === 1)
    await eventually(async () => (await metricOf(bed.bus, 'soa_esb_messages_retried_total', 'both')) > 0, PATIENT)
    const late = await sink('both-late')
    await eventually(() => late.length === 1, PATIENT)
    expect(good).toHaveLength(1)
  })

  it('is given up after its attempts: the message is a dead letter with its reason and its history', async () => {
    const { send, look } = await bed.client()
    await bed.bus.apply('never.yaml', [
      routeOf('never', {
        from: { keys: ['never'] },
        to: toQueueNamed('never-there'),
        retry: { attempts: 2, backoff: '1s' },
      }),
    ])
    const id = await send('never', 'x')
    const [dead] = await eventually(async () => {
      const found = await look('soa.dlq.default.never')
      return found.length > 0 && found
    }, PATIENT)
    expect(dead).toMatchObject({
      ...{ id, text: 'x' },
      headers: {
        ...{ 'soa-error-reason': 'Unroutable', 'soa-exchange': 'esb_exchange', 'soa-key': 'never', 'soa-attempt': 2 },
        'soa-route-generation': 1,
      },
    })
    expect(JSON.parse(String(dead?.headers['soa-failures']))).toMatchObject([
      { reason: 'Unroutable' },
      { reason: 'Unroutable' },
    ])
  })

  it('that is an exchange which does not exist closes no channel but its own route’s (row 11)', async () => {
    const { send, sink } = await bed.client()
    const taken = await sink('beside-out')
    await bed.bus.apply('beside.yaml', [
      routeOf('beside', { from: { keys: ['beside'] }, to: toQueueNamed('beside-out') }),
      routeOf('no-exchange', { from: { keys: ['no-exchange'] }, to: [{ exchange: { name: 'made-later', key: 'k' } }] }),
    ])
    await send('no-exchange', 'x')
    for (let i = 0; i < 50; i++) await send('beside', String(i))
    await eventually(() => taken.length >= 50, PATIENT)
    expect(taken).toHaveLength(50)
  })
})

describe('messages that wait', () => {
  it('for a queue that is gone hold up no others of their delay, and are kept (row 6)', async () => {
    const { send, sink, look } = await bed.client()
    const spec = { retry: { attempts: 5, backoff: '2s' } }
    await bed.bus.apply('doomed.yaml', [
      routeOf('doomed', { from: { keys: ['doomed'] }, to: toQueueNamed('doomed-out'), ...spec }),
    ])
    await bed.bus.apply('waits.yaml', [
      routeOf('waits', { from: { keys: ['waits'] }, to: toQueueNamed('waits-out'), ...spec }),
    ])
    // More than the 32 that the broker's worker has in its hands at once.
    for (let i = 0; i < 40; i++) await send('doomed', `doomed ${i}`)
    await eventually(async () => (await metricOf(bed.bus, 'soa_esb_messages_retried_total', 'doomed')) >= 40, PATIENT)
    await bed.bus.remove('doomed.yaml')
    await eventually(async () => (await bed.bus.conditions('doomed')).length === 0, PATIENT)
    await send('waits', 'good')
    const taken = await eventually(async () => {
      return (await metricOf(bed.bus, 'soa_esb_messages_retried_total', 'waits')) > 0 && (await sink('waits-out'))
    }, PATIENT)
    await eventually(() => taken.length > 0, PATIENT)
    await eventually(async () => {
      const kept = (await look('soa.unroutable')).filter(({ text }) => text.startsWith('doomed'))
      return kept.length === 40
    }, PATIENT)
  })

  it('meet the spec of the moment when their time has come (row 16)', async () => {
    const { send, sink } = await bed.client()
    await bed.bus.apply('moves.yaml', [
      routeOf('moves', { from: { keys: ['moves'] }, to: toQueueNamed('moves-nowhere') }),
    ])
    await send('moves', 'x')
    await eventually(async () => (await metricOf(bed.bus, 'soa_esb_messages_retried_total', 'moves')) > 0, PATIENT)
    const taken = await sink('moves-out')
    await bed.bus.apply('moves.yaml', [
      routeOf('moves', {
        from: { keys: ['moves'] },
        steps: [{ transform: { value: "{% $ & ' mended' %}" } }],
        to: toQueueNamed('moves-out'),
      }),
    ])
    await eventually(() => taken.length > 0, PATIENT)
    expect(taken[0]?.text).toBe('x mended')
  })
})

describe('dead letters that nobody takes', () => {
  it('hold up their route, lose nothing, and go on when there is room (row 7)', async () => {
    const { send, depth, purge } = await bed.client()
    await bed.bus.apply('full.yaml', [
      routeOf('full', {
        from: { keys: ['full'] },
        steps: [{ validate: { schema: { type: 'object' } } }],
        to: toQueueNamed('full-out'),
        deadLetter: { maxBytes: 1_048_576 },
      }),
    ])
    // The limit is looked at behind the messages on their way, so some more than its bytes get in.
    const body = 'x'.repeat(200_000)
    for (let i = 0; i < 30; i++) await send('full', body)
    const inHand = () => metricOf(bed.bus, 'soa_esb_in_flight', 'full')
    await eventually(async () => (await inHand()) > 0 && (await depth('soa.dlq.default.full')) >= 5, PATIENT)
    expect(await depth('soa.dlq.default.full')).toBeLessThan(30)
    let gone = 0
    await eventually(
      async () => {
        gone += await purge('soa.dlq.default.full')
        return (await inHand()) === 0 && gone === 30
      },
      { timeoutMs: 60_000, everyMs: 200 },
    )
  })
})

describe('a loop that only messages can find', () => {
  it('ends among the dead letters at the limit of hops (row 21)', async () => {
    const { send, look } = await bed.client()
    await bed.bus.apply('loop.yaml', [
      routeOf('loop', {
        from: { keys: ['loop'] },
        // The key is not known before a message comes, so no translation can see it.
        to: [{ exchange: { name: 'esb_exchange', key: "{% 'lo' & 'op' %}" } }],
      }),
    ])
    await send('loop', 'x')
    const [dead] = await eventually(async () => {
      const found = await look('soa.dlq.default.loop')
      return found.length > 0 && found
    }, PATIENT)
    expect(dead?.headers).toMatchObject({ 'soa-error-reason': 'TooManyHops', 'soa-hops': 16 })
  })
})
