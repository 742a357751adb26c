import { describe, expect, it } from 'vitest'
import { messageRouteOf, policyOf, serviceOf } from '#test/gen/objects.ts'
import {
  type EndpointSlice,
  keyOf,
  type MessageRouteObject,
  type PolicyObject,
  type ServiceObject,
} from '../api/objects.ts'
import type { World } from '../watch/source.ts'
import { NOTHING, type Translation, translate } from './translate.ts'

const worldOf = (...objects: readonly (ServiceObject | PolicyObject | MessageRouteObject | EndpointSlice)[]): World => {
  const of = (isOf: (kind: unknown) => boolean) =>
    new Map(objects.filter((each) => isOf('kind' in each ? each.kind : undefined)).map((each) => [keyOf(each), each]))
  return {
    services: of((kind) => kind === 'Service') as Map<string, ServiceObject>,
    policies: of((kind) => kind === 'Policy') as Map<string, PolicyObject>,
    messageRoutes: of((kind) => kind === 'MessageRoute') as Map<string, MessageRouteObject>,
    endpointSlices: of((kind) => kind === undefined) as unknown as Map<string, EndpointSlice>,
  }
}

const at = (second: number) => ({ creationTimestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString() })
const limited = (text: string) => ({ annotations: { 'soaplane.dev/rate-limit': text } })
const exposed = (path: string, more: object = {}) => ({
  url: 'http://x.example',
  expose: { paths: [{ value: path }] },
  ...more,
})
const sliceOf = (address: string): EndpointSlice => ({
  metadata: {
    ...serviceOf('web-1', { url: 'http://x' }, at(1)).metadata,
    labels: { 'kubernetes.io/service-name': 'web' },
  },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
  ports: [{ name: 'http', port: 80 }],
})
const rule = { rateLimits: [{ name: 'r', limit: 5, period: '10s' }] }
const policy = (name: string, second: number, kind: 'Service' | 'Namespace', target: string) =>
  policyOf(
    name,
    { targetRefs: [{ ...(kind === 'Namespace' && { group: '' }), kind, name: target }], ...rule },
    at(second),
  )

/** A message route that takes the key of its name and sends to another, and to somewhere else. */
const route = (name: string, second: number, key: string, more: object = { queue: { name: 'q' } }) =>
  messageRouteOf(name, { from: { keys: [name] }, to: [{ exchange: { key } }, more] }, at(second))

/** What every step of a world's life may touch: names, routes, policies, slices, annotations, messages. */
const lives: readonly { readonly what: string; readonly worlds: readonly World[] }[] = [
  {
    what: 'a name is freed and taken',
    worlds: [
      worldOf(serviceOf('a', exposed('/a', { name: 'n' }), at(1)), serviceOf('b', exposed('/b', { name: 'n' }), at(2))),
      worldOf(serviceOf('b', exposed('/b', { name: 'n' }), at(2))),
      worldOf(serviceOf('b', exposed('/b', { name: 'n' }), at(2)), serviceOf('c', exposed('/c', { name: 'n' }), at(1))),
    ],
  },
  {
    what: 'a route is left and claimed',
    worlds: [
      worldOf(serviceOf('a', exposed('/'), at(1)), serviceOf('b', exposed('/'), at(2))),
      worldOf(serviceOf('a', exposed('/other'), at(1)), serviceOf('b', exposed('/'), at(2))),
      worldOf(serviceOf('a', exposed('/other'), at(1)), serviceOf('b', exposed('/other'), at(2))),
      worldOf(serviceOf('a', { url: 'http://x.example' }, at(1)), serviceOf('b', exposed('/other'), at(2))),
    ],
  },
  {
    what: 'policies come, conflict and go',
    worlds: [
      worldOf(serviceOf('a', exposed('/a'), { ...at(1), ...limited('5/10s') })),
      worldOf(serviceOf('a', exposed('/a'), { ...at(1), ...limited('5/10s') }), policy('p', 2, 'Service', 'a')),
      worldOf(
        serviceOf('a', exposed('/a'), { ...at(1), ...limited('5/10s') }),
        ...[policy('p', 2, 'Service', 'a'), policy('o', 1, 'Service', 'a'), policy('all', 3, 'Namespace', 'default')],
      ),
      worldOf(policy('o', 1, 'Service', 'a'), policy('all', 3, 'Namespace', 'default')),
      worldOf(
        serviceOf('a', exposed('/a'), at(1)),
        serviceOf('b', exposed('/b'), at(1)),
        policy('o', 1, 'Service', 'a'),
      ),
    ],
  },
  {
    what: 'addresses move',
    worlds: ['10.0.0.1', '10.0.0.2'].map((address) =>
      worldOf(
        serviceOf('a', { ...exposed('/a'), url: undefined, kubernetesService: { name: 'web', port: 'http' } }, at(1)),
        sliceOf(address),
      ),
    ),
  },
  {
    what: 'message routes come, close loops, lose each other and what they call',
    worlds: [
      worldOf(route('a', 1, 'b', { route: { name: 'b' } }), route('b', 2, 'c')),
      worldOf(
        route('a', 1, 'b', { route: { name: 'b' } }),
        route('b', 2, 'a'),
        serviceOf('users', { url: 'http://u' }, at(1)),
      ),
      worldOf(route('b', 2, 'a'), route('c', 3, 'x', { service: { name: 'users' } })),
      worldOf(
        route('c', 3, 'x', { service: { name: 'users' } }),
        serviceOf('users-2', { url: 'http://u', name: 'users' }, at(2)),
      ),
      worldOf(
        route('a', 1, 'x'),
        route('b', 2, 'a'),
        route('c', 3, 'b', { route: { name: 'a' } }),
        serviceOf('users-2', { url: 'http://u' }, at(2)),
      ),
    ],
  },
  {
    what: 'a Service is made anew under its name, and what was refused is allowed',
    worlds: [
      worldOf(serviceOf('a', { url: 'http://169.254.169.254' }, { ...at(1), ...limited('x') })),
      worldOf(serviceOf('a', exposed('/a'), { ...at(1), uid: 'another', ...limited('x') })),
      worldOf(serviceOf('a', exposed('/a'), { ...at(1), uid: 'another' })),
      worldOf(),
    ],
  },
]

/** The world with objects of the last one in the place of equal ones, as a source gives it. */
function keeping(world: World, last: World): World {
  const kept = <T>(next: ReadonlyMap<string, T>, held: ReadonlyMap<string, T>) =>
    new Map([...next].map(([key, value]) => [key, same(value, held.get(key)) ? (held.get(key) as T) : value]))
  return {
    services: kept(world.services, last.services),
    policies: kept(world.policies, last.policies),
    messageRoutes: kept(world.messageRoutes, last.messageRoutes),
    endpointSlices: kept(world.endpointSlices, last.endpointSlices),
  }
}

const plain = (value: unknown) => JSON.stringify(value, (key, inner) => (key === 'resourceVersion' ? undefined : inner))
const same = (a: unknown, b: unknown) => plain(a) === plain(b)

const outcomeOf = ({ model, verdicts }: Translation) => ({
  registry: Object.fromEntries(model.registry),
  gateway: Object.fromEntries(model.gateway),
  esb: Object.fromEntries(model.esb),
  verdicts: Object.fromEntries(verdicts),
})

describe('a translation from the last one', () => {
  it.each(lives)('comes to the same as one from nothing: $what', ({ worlds }) => {
    let last = NOTHING
    for (const next of [...worlds, ...worlds.toReversed()]) {
      const world = keeping(next, last.world)
      last = translate(world, last)
      expect(outcomeOf(last)).toEqual(outcomeOf(translate(world)))
    }
  })

  it('keeps all that did not change, by reference', () => {
    const a = serviceOf('a', exposed('/a'), limited('5/10s'))
    const b = serviceOf('b', exposed('/b'))
    const all = policy('all', 1, 'Namespace', 'default')
    const first = translate(worldOf(a, b, all))
    const second = translate(worldOf({ ...a, metadata: { ...a.metadata, ...limited('7/10s') } }, b, all), first)
    expect(second.model.registry).toBe(first.model.registry)
    expect(second.model.gateway.get('default/a')?.limits.map(({ limit }) => limit)).toEqual([5, 7])
    expect(second.model.gateway.get('default/b')).toBe(first.model.gateway.get('default/b'))
    for (const id of ['Service/default/b', 'Policy/default/all'])
      expect(second.verdicts.get(id)).toBe(first.verdicts.get(id))
    expect(translate(second.world, second).model.gateway).toBe(second.model.gateway)
  })

  it('keeps message routes by reference: of one that changed in nothing that runs, and of all others', () => {
    const [a, b] = [route('a', 1, 'b'), route('b', 2, 'x')]
    const users = serviceOf('users', { url: 'http://u' })
    const first = translate(worldOf(a, b, users))
    const second = translate(worldOf({ ...a, metadata: { ...a.metadata, labels: { x: 'y' } } }, b, users), first)
    expect(second.model.esb).toBe(first.model.esb)
    expect(second.verdicts.get('MessageRoute/default/b')).toBe(first.verdicts.get('MessageRoute/default/b'))
    const third = translate(worldOf(second.world.messageRoutes.get('default/a') ?? a, b), second)
    expect(third.model.esb).toBe(first.model.esb)
  })

  it('remembers the last good spec of a message route over others that are refused, not beyond its life', () => {
    const filtered = (filter: string, generation: number, uid = 'one') =>
      worldOf(
        messageRouteOf(
          'a',
          { from: { keys: ['a'] }, steps: [{ filter }], to: [{ queue: { name: 'q' } }] },
          { uid, generation },
        ),
      )
    const first = translate(filtered('{% true %}', 1))
    const second = translate(filtered('{% true', 2), first)
    const third = translate(filtered('{% tru( %}', 3), second)
    const generation = (each: Translation) => each.model.esb.get('default/a')?.generation
    expect([first, second, third].map(generation)).toEqual([1, 1, 1])
    expect(third.model.esb).toBe(first.model.esb)
    expect(generation(translate(filtered('{% true', 4, 'two'), third))).toBeUndefined()
    expect(generation(translate(filtered('{% false %}', 4), third))).toBe(4)
  })

  it('remembers the annotation in force over others that cannot be read, and not beyond the life of the Service', () => {
    const object = (text: string, uid: string) => worldOf(serviceOf('a', exposed('/a'), { uid, ...limited(text) }))
    const inForce = (each: Translation) => each.model.gateway.get('default/a')?.limits.map(({ limit }) => limit)
    const first = translate(object('5/10s', 'one'))
    const second = translate(object('five', 'one'), first)
    const third = translate(object('six', 'one'), second)
    expect([first, second, third].map(inForce)).toEqual([[5], [5], [5]])
    expect(inForce(translate(object('six', 'two'), third))).toEqual([])
  })
})
