import { describe, expect, it } from 'vitest'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { quietLog } from '#test/kit/quiet.ts'
import type { Declarer } from './declarer.ts'
import type { Placed } from './memory.ts'
import { createPlacement } from './placement.ts'

const entry = (object: string, key = object): MessageRouteEntry => ({
  ...{ uid: 'u', namespace: 'd', object, generation: 1, http: false, steps: [], to: [], prefetch: 10 },
  ...{ retry: { attempts: 1, baseMs: 1_000, maxMs: 1_000 }, maxQueueBytes: 1, maxDeadLetterBytes: 2 },
  source: { exchange: 'esb_exchange', type: 'direct', keys: [key] },
})

// A fake broker: it is the order of deeds that counts, and refusals that cannot be produced at will.
function bed({
  recalled,
  depths = {},
  refuses = [],
}: {
  recalled?: Placed
  depths?: Record<string, number>
  refuses?: string[]
}) {
  const deeds: string[] = []
  const declarer: Declarer = {
    async base() {
      deeds.push('base')
    },
    forget() {},
    async route({ object }) {
      if (refuses.includes(object)) throw new Error('403')
      deeds.push(`declare ${object}`)
    },
    async unbind(bindings) {
      for (const { from, key, to } of bindings)
        deeds.push(`unbind ${from} ${key} ${'queue' in to ? to.queue : to.exchange}`)
    },
    async remove(queue) {
      deeds.push(`remove ${queue}`)
      return true
    },
    depth: async (queue) => ({ messages: depths[queue] ?? 0, consumers: 0 }),
  }
  const memory = {
    recall: async () => recalled ?? { queues: {}, bindings: [] },
    async record({ queues }: Placed) {
      deeds.push(`record ${Object.keys(queues).join(' ') || 'nothing'}`)
    },
  }
  return { deeds, ...createPlacement({ declarer, memory, log: quietLog() }) }
}

describe('what is placed on the broker', () => {
  it('is recorded before it is there, and declared once', async () => {
    const { deeds, place } = bed({})
    const orders = entry('orders')
    await place([orders])
    await place([orders])
    expect(deeds).toEqual([
      'base',
      'record d/orders',
      'declare orders',
      'record d/orders',
      'base',
      'record d/orders',
      'record d/orders',
    ])
  })

  it('is declared again on demand: somebody may have deleted it', async () => {
    const { deeds, place } = bed({})
    const orders = entry('orders')
    await place([orders])
    await place([orders], { again: true })
    expect(deeds.filter((each) => each === 'declare orders')).toHaveLength(2)
  })

  it('is unbound and removed with its route, also when another process had placed it', async () => {
    const recalled: Placed = {
      queues: { 'd/orders': ['soa.dlq.d.orders', 'soa.route.d.orders'] },
      bindings: [{ kind: 'binding', from: 'soa.in', key: 'orders', to: { queue: 'soa.route.d.orders' } }],
    }
    const { deeds, place } = bed({ recalled })
    await place([])
    expect(deeds).toEqual([
      ...['base', 'record d/orders', 'unbind soa.in orders soa.route.d.orders', 'remove soa.dlq.d.orders'],
      'unbind soa.resume soa.single.d.orders soa.route.d.orders',
      'unbind soa.resume soa.route.d.orders soa.route.d.orders',
      ...['remove soa.route.d.orders', 'record nothing'],
    ])
  })

  it('is kept, and remembered, as long as there are messages in it', async () => {
    const recalled: Placed = { queues: { 'd/orders': ['soa.route.d.orders'] }, bindings: [] }
    const depths: Record<string, number> = { 'soa.route.d.orders': 3 }
    const { deeds, place } = bed({ recalled, depths })
    await place([])
    expect(deeds).toEqual(['base', 'record d/orders', 'record d/orders'])
    depths['soa.route.d.orders'] = 0
    await place([])
    expect(deeds.at(-2)).toBe('remove soa.route.d.orders')
  })

  it('is all but what the broker refuses, which is tried again', async () => {
    const refuses = ['bad']
    const { deeds, place } = bed({ refuses })
    const entries = [entry('bad'), entry('good')]
    expect(await place(entries)).toEqual(new Map([['d/bad', '403']]))
    refuses.length = 0
    expect(await place(entries)).toEqual(new Map())
    expect(deeds.filter((each) => each.startsWith('declare'))).toEqual(['declare good', 'declare bad'])
  })

  it('changes its key: the new one is bound before the old one goes', async () => {
    const { deeds, place } = bed({})
    await place([entry('orders', 'old')])
    deeds.length = 0
    await place([entry('orders', 'new')])
    expect(deeds).toEqual([
      ...['base', 'record d/orders', 'declare orders'],
      ...['unbind esb_exchange old soa.in', 'unbind soa.in old soa.route.d.orders', 'record d/orders'],
    ])
  })
})
