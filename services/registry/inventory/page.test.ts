import { describe, expect, it } from 'vitest'
import type { RegistryEntry } from '#lib/model/registry.ts'
import { afterModel, difference, EMPTY, type HealthOf } from '../directory/view.ts'
import { type Filters, itemOf, pageOf, placeIn, type SoftState, summaryOf } from './page.ts'

const entryOf = (object: string, more: Partial<RegistryEntry> = {}): RegistryEntry => ({
  ...{ uid: object, namespace: 'd', object, name: object, metadata: {}, origin: 'declared', endpointsRev: 'r' },
  ...{ endpoints: [{ instance: 'default', url: `http://${object}` }], createdAt: '2026-01-01T00:00:00Z' },
  ...more,
})
const viewOf = (entries: readonly RegistryEntry[], healthOf: HealthOf = () => 'unknown') => {
  const table = new Map(entries.map((each) => [`${each.namespace}/${each.object}`, each]))
  return afterModel(EMPTY, difference(new Map(), table), healthOf).view
}
const silent: SoftState = { verdict: () => ({ health: 'unknown' }), message: () => undefined }
const none: Filters = { metadata: {} }

describe('pages of the inventory', () => {
  const view = viewOf(['c', 'a', 'e', 'b', 'd'].map((each) => entryOf(each)))

  it('follow each other in the order of keys, the last without a token', () => {
    const names: string[][] = []
    let after: string | undefined
    do {
      const page = pageOf(view, silent, none, { limit: 2, after })
      names.push(page.services.map(({ name }) => name))
      after = page.continue === undefined ? undefined : placeIn(page.continue)
    } while (after !== undefined)
    expect(names).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  })

  it('neither repeat nor hide when services come and go between', () => {
    const first = pageOf(view, silent, none, { limit: 2, after: undefined })
    const changed = viewOf(['aa', 'c', 'd', 'cc'].map((each) => entryOf(each)))
    const second = pageOf(changed, silent, none, { limit: 9, after: placeIn(first.continue ?? '') })
    expect(second.services.map(({ name }) => name)).toEqual(['c', 'cc', 'd'])
  })

  it('end exactly at a full last page', () => {
    expect(pageOf(view, silent, none, { limit: 5, after: undefined })).not.toHaveProperty('continue')
  })

  it.each([
    '',
    'x',
    '!!',
    Buffer.from('noslash').toString('base64url'),
    `${Buffer.from('d/a').toString('base64url')}=`,
  ])('take no token that they did not give: %j', (token) => expect(placeIn(token)).toBeUndefined())
})

describe('filters of the inventory', () => {
  const view = viewOf(
    [
      entryOf('a', { owner: 'red', version: '1.2.0', metadata: { tier: 'gold', zone: 'x' } }),
      entryOf('b', { owner: 'red', namespace: 'shop', metadata: { tier: 'gold' } }),
      entryOf('c', {
        version: '1.0.0',
        endpoints: [
          { instance: 'one', url: 'http://c1', version: '2.1.0' },
          { instance: 'two', url: 'http://c2' },
        ],
      }),
    ],
    (key) => (key === 'd/a' ? 'healthy' : key === 'd/c' ? 'unhealthy' : 'unknown'),
  )

  it.each([
    [{}, ['a', 'c', 'b']],
    [{ owner: 'red' }, ['a', 'b']],
    [{ namespace: 'shop' }, ['b']],
    [{ health: 'healthy' }, ['a']],
    [{ health: 'unhealthy' }, ['c']],
    [{ version: '1.x' }, ['a', 'c']],
    [{ version: '2.1.0' }, ['c']],
    [{ version: '>=1.2 <3' }, ['a', 'c']],
    [{ metadata: { tier: 'gold' } }, ['a', 'b']],
    [{ metadata: { tier: 'gold', zone: 'x' } }, ['a']],
    [{ metadata: { constructor: 'x' } }, []],
    [{ owner: 'red', health: 'unknown' }, ['b']],
  ])('%j leave %j', (filters, names) => {
    const page = pageOf(view, silent, { ...none, ...filters }, { limit: 10, after: undefined })
    expect(page.services.map(({ name }) => name)).toEqual(names)
  })
})

describe('one service of the inventory', () => {
  it('tells who, what, where and how it is', () => {
    const entry = entryOf('a', {
      ...{ name: 'ServiceA', owner: 'team', version: '1', contract: '/openapi.json', origin: 'registered' },
      endpoints: [
        { instance: 'one', url: 'http://a1', ttlMs: 30_000 },
        { instance: 'two', url: 'http://a2', version: '2' },
      ],
    })
    const view = viewOf([entry], (_key, _entry, { instance }) => (instance === 'one' ? 'unhealthy' : 'healthy'))
    const soft: SoftState = {
      verdict: (_key, _entry, { instance }) =>
        instance === 'one' ? { health: 'unhealthy', reason: 'ProbeFailed' } : { health: 'healthy' },
      message: () => 'answered 500',
    }
    expect(itemOf(view, 'd/a', soft)).toEqual({
      ...{ name: 'ServiceA', namespace: 'd', object: 'a', origin: 'registered', owner: 'team', version: '1' },
      ...{ contract: '/openapi.json', metadata: {}, createdAt: '2026-01-01T00:00:00Z' },
      health: { status: 'healthy', healthy: 1, unhealthy: 1, unknown: 0 },
      endpoints: [
        {
          ...{ instance: 'one', url: 'http://a1', version: '1', health: 'unhealthy' },
          ...{ reason: 'ProbeFailed', message: 'answered 500', ttl: 30 },
        },
        { instance: 'two', url: 'http://a2', version: '2', health: 'healthy' },
      ],
    })
  })

  it.each([
    [['healthy', 'unhealthy'], 'healthy'],
    [['unknown', 'unhealthy'], 'unknown'],
    [['unhealthy'], 'unhealthy'],
    [[], 'unhealthy'],
  ] as const)('with endpoints %j is %s', (healths, status) => {
    const endpoints = healths.map((health, i) => ({ instance: `${i}`, url: 'http://a', health }))
    expect(summaryOf(endpoints).status).toBe(status)
  })
})
