import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#lib/kube.ts'
import { createStore } from './store.ts'

interface Thing extends KubeObject {
  readonly spec?: unknown
  readonly status?: unknown
}

const thing = (resourceVersion: string, more: Partial<Thing> = {}, metadata: object = {}): Thing => ({
  metadata: { name: 'a', namespace: 'n', uid: 'u', generation: 1, resourceVersion, ...metadata },
  spec: { url: 'http://a' },
  ...more,
})

function bed(...first: readonly Thing[]) {
  const store = createStore<Thing>((object) => object)
  for (const each of first) store.put(each)
  return { store, inWorld: () => store.desired().get('n/a'), held: () => store.current().get('n/a') }
}

describe('a store', () => {
  it.each([
    { what: 'the status', next: thing('2', { status: { ready: true } }), gives: 'status' },
    { what: 'nothing but the version', next: thing('2'), gives: 'status' },
    { what: 'the spec', next: thing('2', { spec: { url: 'http://b' } }, { generation: 2 }), gives: 'desired' },
    { what: 'a label', next: thing('2', {}, { labels: { a: 'b' } }), gives: 'desired' },
    { what: 'an annotation', next: thing('2', {}, { annotations: { a: 'b' } }), gives: 'desired' },
    { what: 'the deletion', next: thing('2', {}, { deletionTimestamp: 'now' }), gives: 'desired' },
    { what: 'the identity', next: thing('2', {}, { uid: 'v' }), gives: 'desired' },
    { what: 'nothing', next: thing('1'), gives: 'none' },
    { what: 'the age', next: thing('2', {}, { generation: 0 }), gives: 'none' },
  ])('says that $gives differs when $what does', ({ next, gives }) => {
    const first = thing('1')
    const { store, inWorld, held } = bed(first)
    expect(store.put(next)).toBe(gives)
    expect(held()).toEqual(gives === 'none' ? first : next)
    expect(inWorld()).toEqual(gives === 'desired' ? next : first)
    expect(inWorld() === first).toBe(gives !== 'desired')
  })

  it('keeps of an object with another status the parts that are the same', () => {
    const first = thing('1', { status: { ready: false } })
    const { store, held } = bed(first, thing('2', { status: { ready: true } }))
    expect(held()?.spec).toBe(first.spec)
    expect(store.newest(first)).toBe(held())
    store.put(thing('3'))
    expect(held()).toEqual(thing('3'))
  })

  it('has no newest of what is no longer desired', () => {
    const first = thing('1')
    const { store } = bed(first, thing('2', { spec: {} }, { generation: 2 }))
    expect(store.newest(first)).toBeUndefined()
    store.drop(thing('3'))
    expect([store.newest(thing('2')), store.size(), store.desired().size]).toEqual([undefined, 0, 0])
  })

  it('counts in a full list what came, went and differs, and what differs in status alone', () => {
    const { store } = bed(thing('1'), thing('2', {}, { name: 'b', uid: 'b' }), thing('3', {}, { name: 'c', uid: 'c' }))
    const list = [
      thing('4', { status: 1 }),
      thing('2', {}, { name: 'b', uid: 'b' }),
      thing('5', {}, { name: 'd', uid: 'd' }),
    ]
    expect(store.replace(list)).toEqual({ changed: 3, statuses: 1 })
    expect([...store.current().values()]).toEqual(list.toSorted((x, y) => (x.metadata.name < y.metadata.name ? -1 : 1)))
    expect([...store.desired().keys()]).toEqual(['n/a', 'n/b', 'n/d'])
    expect(store.replace(list)).toEqual({ changed: 0, statuses: 0 })
  })

  it('never changes a map that was handed out', () => {
    const { store } = bed(thing('1'))
    const [world, objects] = [store.desired(), store.current()]
    store.put(thing('2', { spec: {} }, { generation: 2 }))
    store.put(thing('9', {}, { name: 'b', uid: 'b' }))
    expect([world.size, objects.size, world.get('n/a')]).toEqual([1, 1, thing('1')])
    expect(store.desired().size).toBe(2)
  })
})
