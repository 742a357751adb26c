import { describe, expect, it } from 'vitest'
import type { Discovery } from '#lib/discovery-client.ts'
import type { GatewayEntry, RateLimit } from '#lib/model/gateway.ts'
import type { EndpointHealth } from '#lib/model/health.ts'
import type { Limiter } from './limits/contract.ts'
import { createServing } from './serving.ts'
import { createOrigins } from './upstream/origins.ts'

const limit: RateLimit = {
  ...{ id: 'l', name: 'l', limit: 5, periodMs: 10_000, key: { by: 'global' }, scope: 'cluster' },
  ...{ onError: 'local', mode: 'Enforce' },
}

function entry(object: string, more: Partial<GatewayEntry> = {}): GatewayEntry {
  return {
    ...{ uid: object, namespace: 'd', object, name: object, endpointsRev: '1', hostnames: [], limits: [] },
    routes: [{ path: { type: 'PathPrefix', value: `/${object}` }, headers: [], queryParams: [] }],
    createdAt: '2026-01-01T00:00:00Z',
    ...more,
  }
}

/** The registry's watch, by hand. */
function discovered() {
  const held = new Map<string, { endpointsRev: string; endpoints: readonly EndpointHealth[] }>()
  let tell: (keys: readonly string[]) => void = () => {}
  const discovery = {
    of: (key: string) => held.get(key),
    onChange: (listener: typeof tell) => {
      tell = listener
    },
  } as unknown as Discovery
  return {
    discovery,
    put(key: string, endpointsRev: string, ...urls: readonly string[]) {
      held.set(key, { endpointsRev, endpoints: urls.map((url) => ({ instance: url, url, health: 'healthy' })) })
      tell([key])
    },
    drop(key: string) {
      held.delete(key)
      tell([key])
    },
  }
}

function serving() {
  const configured: string[][] = []
  const gone: string[] = []
  const limiter: Limiter = {
    admit: () => ({ admitted: true, headers: [], violated: [], audited: [] }),
    configure: (limits) => void configured.push([...limits].map(({ id }) => id)),
  }
  const registry = discovered()
  const origins = createOrigins({ maxConnections: 1, connectTimeoutMs: 1, headersTimeoutMs: 1, bodyTimeoutMs: 1 })
  const served = createServing({
    ...{ discovery: registry.discovery, origins, limiter },
    onGone: (key) => void gone.push(key),
  })
  const find = (path: string) =>
    served.table().find({ host: 'h', path, method: 'GET', query: '', header: () => undefined })?.serve
  const apply = (...entries: readonly GatewayEntry[]) => {
    const state = { isAcked: false }
    const slice = new Map(entries.map((each) => [`${each.namespace}/${each.object}`, each]))
    void served.apply(slice).then(() => {
      state.isAcked = true
    })
    return state
  }
  return { served, registry, find, apply, configured, gone, origins }
}

/** Lets promises that are settled call back. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('what the gateway serves', () => {
  it('is a route only once the registry shows its service, and is acknowledged then', async () => {
    const { apply, find, registry } = serving()
    const state = apply(entry('a'))
    await settled()
    expect([find('/a'), state.isAcked]).toEqual([undefined, false])
    registry.put('d/a', '1', 'http://127.0.0.1:1')
    await settled()
    expect([find('/a')?.target.next()?.instance, state.isAcked]).toEqual(['http://127.0.0.1:1', true])
  })

  it('keeps a route on its former endpoints until those it was compiled with are shown', async () => {
    const { apply, find, registry } = serving()
    registry.put('d/a', '1', 'http://127.0.0.1:1')
    apply(entry('a'))
    const next = apply(entry('a', { endpointsRev: '2' }))
    await settled()
    expect([find('/a')?.target.next()?.instance, next.isAcked]).toEqual(['http://127.0.0.1:1', false])
    registry.put('d/a', '2', 'http://127.0.0.1:2')
    await settled()
    expect([find('/a')?.target.next()?.instance, next.isAcked]).toEqual(['http://127.0.0.1:2', true])
  })

  it('enforces a new limit at once, though a service of the same version is not shown yet', async () => {
    const { apply, find, registry, configured } = serving()
    registry.put('d/a', '1', 'http://127.0.0.1:1')
    apply(entry('a'))
    const next = apply(entry('a', { limits: [limit] }), entry('b'))
    expect(find('/a')?.stages.map(({ place }) => place)).toEqual(['limits'])
    expect(configured).toEqual([[], ['l']])
    await settled()
    expect(next.isAcked).toBe(false)
  })

  it('acknowledges what was waited for when it is withdrawn again', async () => {
    const { apply } = serving()
    const state = apply(entry('a'))
    apply()
    await settled()
    expect(state.isAcked).toBe(true)
  })

  it('forgets a service with its connections, and answers no route while the registry has dropped it', async () => {
    const { apply, find, registry, gone, origins } = serving()
    registry.put('d/a', '1', 'http://127.0.0.1:1')
    apply(entry('a'))
    expect(origins.size()).toBe(1)
    registry.drop('d/a')
    expect(find('/a')).toBeUndefined()
    apply()
    expect([gone, origins.size()]).toEqual([['d/a'], 0])
  })

  it('shares the connections of services at one origin, and keeps them while one of them stays', () => {
    const { apply, registry, origins } = serving()
    registry.put('d/a', '1', 'http://127.0.0.1:1')
    registry.put('d/b', '1', 'http://127.0.0.1:1/base')
    apply(entry('a'), entry('b'))
    apply(entry('b'))
    expect(origins.size()).toBe(1)
  })

  it('folds the path of a rule like that of a request', () => {
    const { apply, find, registry } = serving()
    registry.put('d/a', '1', 'http://127.0.0.1:1')
    apply(entry('a', { routes: [{ path: { type: 'Exact', value: '/caf%c3%a9' }, headers: [], queryParams: [] }] }))
    expect(find('/caf%C3%A9')).toBeDefined()
  })

  it('keeps rules of entries that did not change as they are', () => {
    const { apply, registry, served } = serving()
    registry.put('d/a', '1', 'http://127.0.0.1:1')
    registry.put('d/b', '1', 'http://127.0.0.1:1')
    const same = entry('a')
    apply(same, entry('b'))
    const [before] = served.table().rules
    apply(same, entry('b', { limits: [limit] }))
    expect(served.table().rules[0]).toBe(before)
  })
})
