import { describe, expect, it } from 'vitest'
import { settings } from '#services/esb/config.ts'
import { esb } from '#services/esb/parts.ts'
import { busBed, toQueueNamed } from '#test/kit/bus-bed.ts'
import { type Bus, startBus } from '#test/kit/esb.ts'
import { routeOf } from '#test/kit/esb-client.ts'
import { eventually } from '#test/kit/eventually.ts'
import { inProcess } from '#test/kit/in-process.ts'

const bed = busBed({ replicas: 2 })

describe('a route', () => {
  it('takes what a client sends with its key, and gives what it made of it to another key', async () => {
    const { send, sink } = await bed.client()
    const taken = await sink('greetings-out', 'greeted')
    await bed.bus.apply('greet.yaml', [
      routeOf('greet', {
        from: { keys: ['greet'] },
        steps: [{ transform: { value: "{% 'Hello ' & name %}" } }],
        to: [{ exchange: { name: 'esb_exchange', key: 'greeted' } }],
      }),
    ])
    const id = await send('greet', { name: 'Ada' })
    await eventually(() => taken.length > 0)
    expect(taken).toMatchObject([
      {
        text: 'Hello Ada',
        id: `${id}/default/greet/to/0`,
        headers: { 'soa-hops': 1 },
        properties: { deliveryMode: 2 },
      },
    ])
  })

  it('passes bytes on as they came, with their content type, where nothing looks at them', async () => {
    const { send, sink } = await bed.client()
    const taken = await sink('bytes-out')
    await bed.bus.apply('bytes.yaml', [routeOf('bytes', { from: { keys: ['bytes'] }, to: toQueueNamed('bytes-out') })])
    await send('bytes', '{ not json', {
      contentType: 'application/json',
      headers: { mine: 1, 'x-death': 'faked', CC: ['spam'] },
    })
    await eventually(() => taken.length > 0)
    expect(taken[0]).toMatchObject({ text: '{ not json', properties: { contentType: 'application/json' } })
    expect(Object.keys(taken[0]?.headers ?? {}).sort()).toEqual(['mine', 'soa-hops', 'traceparent'])
  })

  it('follows its spec as it is edited: other keys, other steps, another place', async () => {
    const { send, sink } = await bed.client()
    const [first, second] = [await sink('edit-1'), await sink('edit-2')]
    await bed.bus.apply('edit.yaml', [routeOf('edit', { from: { keys: ['edit-a'] }, to: toQueueNamed('edit-1') })])
    await send('edit-a', 'one')
    await eventually(() => first.length === 1)
    await bed.bus.apply('edit.yaml', [
      routeOf('edit', {
        from: { keys: ['edit-b'] },
        steps: [{ transform: { value: "{% 'b: ' & $ %}" } }],
        to: toQueueNamed('edit-2'),
      }),
    ])
    await eventually(async () => {
      await send('edit-b', 'two')
      return second.length > 0
    })
    expect(second[0]?.text).toBe('b: two')
    // The old key leads nowhere any more: the node's policy keeps it.
    const before = first.length
    await eventually(async () => {
      await send('edit-a', 'late')
      return (await (await bed.client()).look('soa.unroutable')).some(({ text }) => text === 'late')
    })
    expect(first).toHaveLength(before)
  })

  it('goes on to another route, counting hops', async () => {
    const { send, sink } = await bed.client()
    const taken = await sink('chain-out')
    await bed.bus.apply('chain.yaml', [
      routeOf('chain-1', { from: { keys: ['chain'] }, to: [{ route: { name: 'chain-2' } }] }),
      routeOf('chain-2', { from: { internal: {} }, to: toQueueNamed('chain-out') }),
    ])
    await send('chain', 'x')
    await eventually(() => taken.length > 0)
    expect(taken[0]?.headers['soa-hops']).toBe(2)
  })

  it('is gone with its queues when its object is deleted and they are empty', async () => {
    const { send, sink, depth } = await bed.client()
    const taken = await sink('gone-out')
    await bed.bus.apply('gone.yaml', [routeOf('gone', { from: { keys: ['gone'] }, to: toQueueNamed('gone-out') })])
    await send('gone', 'x')
    await eventually(() => taken.length > 0)
    await bed.bus.remove('gone.yaml')
    for (const queue of ['soa.route.default.gone', 'soa.dlq.default.gone']) {
      await eventually(
        async () => {
          await expect(depth(queue)).rejects.toThrow(/404|NOT_FOUND/)
        },
        { timeoutMs: 15_000 },
      )
    }
  })
})

describe('a route that is deleted while no replica runs', () => {
  it('is unbound, and its empty queues removed, by the next that starts', async () => {
    const { send, sink, depth, look } = await bed.client()
    const flags = { instance: 'one-after-the-other' }
    const before = await startBus({ amqpUrl: bed.broker.url, flags })
    const taken = await sink('orphan-out')
    await before.apply('orphan.yaml', [
      routeOf('orphan', { from: { keys: ['orphan'] }, to: toQueueNamed('orphan-out') }),
    ])
    await send('orphan', 'x')
    await eventually(() => taken.length === 1)
    await before.stop()
    const after = await startBus({ amqpUrl: bed.broker.url, flags })
    try {
      await eventually(
        async () => {
          await expect(depth('soa.route.default.orphan')).rejects.toThrow(/404|NOT_FOUND/)
        },
        { timeoutMs: 15_000 },
      )
      await send('orphan', 'to nobody')
      await eventually(async () => (await look('soa.unroutable')).some(({ text }) => text === 'to nobody'))
    } finally {
      await after.stop()
    }
  })
})

describe('a replica that has no model yet', () => {
  it('takes nothing away of what others have placed', async () => {
    const instance = 'waits-for-its-model'
    const owner = await startBus({ amqpUrl: bed.broker.url, flags: { instance } })
    const { send, sink } = await bed.client()
    const taken = await sink('placed-out')
    await owner.apply('placed.yaml', [
      routeOf('placed', { from: { keys: ['placed'] }, to: toQueueNamed('placed-out') }),
    ])
    // Nothing answers there, as when the controller is away.
    const nobody = { 'controller-url': 'http://127.0.0.1:9', 'registry-url': 'http://127.0.0.1:9' }
    const flags = {
      ...nobody,
      instance,
      host: '127.0.0.1',
      port: '0',
      'amqp-url': bed.broker.url,
      'topology-interval-ms': '100',
    }
    const newcomer = await inProcess('esb', settings, flags, esb)
    try {
      // Told after each look at the bed.broker.
      await eventually(async () => (await (await fetch(`${newcomer.url()}/metrics`)).text()).includes('soa_esb_depth{'))
      await send('placed', 'x')
      await eventually(() => taken.length === 1)
    } finally {
      await newcomer.stop()
      await owner.stop()
    }
  })
})

describe('what needs one owner among the replicas', () => {
  it('aggregates by correlation until the group is full, or its window has passed', async () => {
    const { send, sink } = await bed.client()
    const taken = await sink('groups-out')
    await bed.bus.apply('groups.yaml', [
      routeOf('groups', {
        from: { keys: ['groups'] },
        steps: [
          {
            aggregate: {
              correlation: '{% order %}',
              size: 3,
              window: '1s',
              value: "{% { 'order': $[0].order, 'n': $count($) } %}",
            },
          },
        ],
        to: toQueueNamed('groups-out'),
      }),
    ])
    await Promise.all([1, 1, 1, 2, 2].map((order, i) => send('groups', { order, i })))
    await eventually(() => taken.length === 2)
    expect(taken.map(({ text }) => JSON.parse(text))).toEqual([
      { order: 1, n: 3 },
      { order: 2, n: 2 },
    ])
  })

  it('drops copies within the window, over two replicas', async () => {
    const { send, sink } = await bed.client()
    const taken = await sink('once-out')
    await bed.bus.apply('once.yaml', [
      routeOf('once', {
        from: { keys: ['once'] },
        steps: [{ dedupe: { key: '{% $message.id %}', window: '10m' } }],
        to: toQueueNamed('once-out'),
      }),
    ])
    await Promise.all(Array.from({ length: 10 }, () => send('once', 'x', { id: 'same' })))
    await send('once', 'y', { id: 'other' })
    await eventually(() => taken.some(({ text }) => text === 'y'))
    expect(taken.map(({ text }) => text).sort()).toEqual(['x', 'y'])
  })

  it('remembers what another has seen when it takes over', async () => {
    const pair = await startBus({ amqpUrl: bed.broker.url, replicas: 2 })
    try {
      const { send, sink } = await bed.client()
      const taken = await sink('heir-out')
      await pair.apply('heir.yaml', [
        routeOf('heir', {
          from: { keys: ['heir'] },
          steps: [{ dedupe: { key: '{% $message.id %}', window: '10m' } }],
          to: toQueueNamed('heir-out'),
        }),
      ])
      await send('heir', 'x', { id: 'same' })
      await eventually(() => taken.length === 1)
      await (await ownerAmong(pair)).stop()
      // Whoever is next has nothing but the stream to know it from.
      await send('heir', 'x', { id: 'same' })
      await send('heir', 'z', { id: 'other' })
      await eventually(() => taken.some(({ text }) => text === 'z'), { timeoutMs: 15_000 })
      expect(taken.map(({ text }) => text)).toEqual(['x', 'z'])
    } finally {
      await pair.stop()
    }
  })

  it('lets through no more than a throttle allows in any window, over both replicas', async () => {
    const { send, sink } = await bed.client()
    const at: number[] = []
    const taken = await sink('slow-out')
    await bed.bus.apply('slow.yaml', [
      routeOf('slow', {
        from: { keys: ['slow'] },
        steps: [{ throttle: { rate: '2/500ms' } }],
        to: toQueueNamed('slow-out'),
      }),
    ])
    await Promise.all(Array.from({ length: 6 }, (_none, i) => send('slow', String(i))))
    await eventually(() => {
      while (at.length < taken.length) at.push(performance.now())
      return taken.length === 6
    })
    // Six at two a window take two windows more; arrival is looked at every 10 ms.
    expect((at[5] as number) - (at[0] as number)).toBeGreaterThan(900)
  })

  it('moves into the other queue when a step comes that needs it, and loses nothing on the way', async () => {
    const { send, sink } = await bed.client()
    const taken = await sink('shape-out')
    const spec = { from: { keys: ['shape'] }, to: toQueueNamed('shape-out') }
    await bed.bus.apply('shape.yaml', [routeOf('shape', spec)])
    const sending = (async () => {
      for (let i = 0; i < 200; i++) await send('shape', String(i))
    })()
    await bed.bus.apply('shape.yaml', [routeOf('shape', { ...spec, steps: [{ throttle: { rate: '1000/1s' } }] })])
    await sending
    await eventually(() => new Set(taken.map(({ text }) => text)).size === 200, { timeoutMs: 15_000 })
  })
})

/** The replica that takes the messages of the heir. */
async function ownerAmong({ replicas }: Bus): Promise<Bus['replicas'][number]> {
  for (const replica of replicas) {
    const text = await (await fetch(`${replica.url}/metrics`)).text()
    if (/soa_esb_messages_in_total\{route="default\/heir"\} [1-9]/.test(text)) return replica
  }
  throw new Error('Nobody has taken a message')
}
