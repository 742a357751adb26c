import { describe, expect, it } from 'vitest'
import type { GatewayEntry } from '#lib/model/gateway.ts'
import { type Published, publication, unpublished } from './versions.ts'

function entry(object: string, limit = 5): GatewayEntry {
  return {
    uid: object,
    namespace: 'default',
    object,
    name: object,
    endpointsRev: 'r',
    hostnames: [],
    routes: [],
    limits: [],
    createdAt: String(limit),
  }
}

function published(...tables: readonly (readonly GatewayEntry[])[]): Published<'gateway'> {
  let last = unpublished<'gateway'>()
  for (const table of tables)
    last = publication(last, new Map(table.map((each) => [each.object, each])))?.published ?? last
  return last
}

describe('publication', () => {
  it('gives the same content the same version, whatever came before', () => {
    const straight = published([entry('a'), entry('b')])
    const roundabout = published([entry('c')], [entry('b', 9), entry('a')], [entry('b'), entry('a')])
    expect(roundabout.version).toBe(straight.version)
    expect(straight.version).not.toBe(published([entry('a')]).version)
  })

  it('does not publish what is the same by content, and keeps the items by reference', () => {
    const first = published([entry('a')])
    expect(publication(first, new Map([['a', entry('a')]]))).toBeUndefined()
    const next = publication(
      first,
      new Map([
        ['a', entry('a')],
        ['b', entry('b')],
      ]),
    )
    expect(next?.published.items.get('a')).toBe(first.items.get('a'))
  })

  it('tells what was put and dropped, and since when each item is as it is', () => {
    const first = published([entry('a'), entry('b')])
    const next = publication(
      first,
      new Map([
        ['a', entry('a')],
        ['c', entry('c')],
      ]),
    )
    expect(next?.change).toEqual({ from: first.version, put: [['c', entry('c')]], drop: ['b'] })
    expect(Object.fromEntries(next?.published.since ?? [])).toEqual({ a: 1, c: 2 })
    expect(next?.published.sequences.get(first.version)).toBe(1)
  })

  it('publishes an empty table once, so that replicas learn that there is nothing', () => {
    expect(publication(unpublished<'gateway'>(), new Map())?.published.sequence).toBe(1)
    expect(publication(published([]), new Map())).toBeUndefined()
  })

  it('orders a version that comes back by its last publication', () => {
    const back = published([entry('a', 5)], [entry('a', 2)], [entry('a', 5)])
    expect(back.sequences.get(back.version)).toBe(3)
    expect(back.since.get('a')).toBe(3)
  })
})
