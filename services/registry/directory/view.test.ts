import { describe, expect, it } from 'vitest'
import type { RegistryEntry } from '#lib/model/registry.ts'
import { lookup } from './lookup.ts'
import { afterHealth, afterModel, difference, EMPTY, type HealthOf, type View } from './view.ts'

const entryOf = (key: string, more: Partial<RegistryEntry> = {}): RegistryEntry => {
  const [namespace = '', object = ''] = key.split('/')
  return {
    uid: key,
    ...{ namespace, object, name: object, metadata: {}, origin: 'declared', endpointsRev: 'r', createdAt: '' },
    endpoints: [{ instance: 'default', url: `http://${object}` }],
    ...more,
  }
}
const tableOf = (...entries: readonly RegistryEntry[]) =>
  new Map(entries.map((each) => [`${each.namespace}/${each.object}`, each]))
const allUnknown: HealthOf = () => 'unknown'
const shown = (view: View, next: ReadonlyMap<string, RegistryEntry>, healthOf = allUnknown) =>
  afterModel(view, difference(view.entries, next), healthOf)

describe('a difference', () => {
  it('keeps the reference of what is equal, and names what was put and dropped', () => {
    const held = tableOf(entryOf('d/a'), entryOf('d/b'), entryOf('d/c'))
    const next = tableOf(entryOf('d/a'), entryOf('d/b', { owner: 'x' }), entryOf('d/e'))
    const found = difference(held, next)
    expect(found.put.map(([key]) => key)).toEqual(['d/b', 'd/e'])
    expect(found.drop).toEqual(['d/c'])
    expect(found.entries.get('d/a')).toBe(held.get('d/a'))
  })
})

describe('the view after a model', () => {
  it('shows what came, and tells whose endpoints differ', () => {
    const { view, changed } = shown(EMPTY, tableOf(entryOf('d/a', { name: 'ServiceA', version: '1' })))
    expect(changed).toEqual(['d/a'])
    expect(view.services.get('d/a')).toEqual({
      ...{ key: 'd/a', namespace: 'd', name: 'ServiceA', endpointsRev: 'r' },
      endpoints: [{ instance: 'default', url: 'http://a', version: '1', health: 'unknown' }],
    })
    expect([...view.keysByName]).toEqual([['ServiceA', ['d/a']]])
  })

  it('tells watchers nothing of what does not concern endpoints', () => {
    const first = shown(EMPTY, tableOf(entryOf('d/a'))).view
    const second = shown(first, tableOf(entryOf('d/a', { owner: 'x' })))
    expect(second.changed).toEqual([])
    expect(second.view.entries.get('d/a')?.owner).toBe('x')
    expect(second.view.services.get('d/a')).toBe(first.services.get('d/a'))
  })

  it('follows a service that changes its name, and forgets one that goes', () => {
    const first = shown(EMPTY, tableOf(entryOf('d/a'), entryOf('e/a'))).view
    expect(first.keysByName.get('a')).toEqual(['d/a', 'e/a'])
    const renamed = shown(first, tableOf(entryOf('d/a', { name: 'b' }), entryOf('e/a'))).view
    expect([...renamed.keysByName].sort()).toEqual([
      ['a', ['e/a']],
      ['b', ['d/a']],
    ])
    const gone = shown(renamed, tableOf())
    expect([gone.changed, gone.view.services.size, gone.view.keysByName.size]).toEqual([['d/a', 'e/a'], 0, 0])
  })

  it('leaves the view before as it was', () => {
    const first = shown(EMPTY, tableOf(entryOf('d/a'))).view
    shown(first, tableOf())
    expect([first.services.size, EMPTY.services.size]).toEqual([1, 0])
  })
})

describe('the view after soft state', () => {
  const first = shown(EMPTY, tableOf(entryOf('d/a'), entryOf('d/b'))).view

  it('changes the services whose health differs', () => {
    const { view, changed } = afterHealth(first, ['d/a', 'd/b'], (key) => (key === 'd/a' ? 'healthy' : 'unknown'))
    expect(changed).toEqual(['d/a'])
    expect(view.services.get('d/a')?.endpoints[0]?.health).toBe('healthy')
    expect(view.services.get('d/b')).toBe(first.services.get('d/b'))
  })

  it('is the same when nothing differs, and knows nothing of what is gone', () => {
    expect(afterHealth(first, ['d/a', 'd/gone'], allUnknown).view).toBe(first)
  })
})

describe('a look-up', () => {
  const { view } = shown(
    EMPTY,
    tableOf(
      entryOf('default/a', { name: 'Both' }),
      entryOf('shop/b', { name: 'Both' }),
      entryOf('shop/c', { name: 'Only' }),
      entryOf('shop/d', { name: 'Twice' }),
      entryOf('stock/e', { name: 'Twice' }),
    ),
  )
  const found = (name: string, namespace?: string) => {
    const answer = lookup(view, name, namespace, 'default')
    return answer.found ? answer.key : `${answer.status} ${answer.error}`
  }

  it.each([
    { name: 'Both', namespace: undefined, gives: 'default/a' },
    { name: 'Both', namespace: 'shop', gives: 'shop/b' },
    { name: 'Only', namespace: undefined, gives: 'shop/c' },
    { name: 'Only', namespace: 'default', gives: '404 Service Only not found' },
    { name: 'None', namespace: undefined, gives: '404 Service None not found' },
    { name: 'constructor', namespace: undefined, gives: '404 Service constructor not found' },
    {
      name: 'Twice',
      namespace: undefined,
      gives: '409 Service Twice is in several namespaces: shop, stock; ask with ?namespace=',
    },
  ])('of $name in $namespace gives $gives', ({ name, namespace, gives }) => expect(found(name, namespace)).toBe(gives))
})
