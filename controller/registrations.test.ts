import { describe, expect, it } from 'vitest'
import { serviceOf } from '#test/gen/objects.ts'
import type { ServiceObject } from './api/objects.ts'
import { objectNameFor, type Registrant, withoutRegistration, withRegistration } from './registrations.ts'

const who: Registrant = { namespace: 'default', name: 'ServiceA', instance: 'one' }
const url = 'http://10.0.0.1:5001'
const labels = { 'soaplane.dev/registered': 'true' }

function registered(
  current: ServiceObject | undefined,
  by: Registrant,
  registration: Parameters<typeof withRegistration>[3],
): ServiceObject {
  const edit = withRegistration(current, 'servicea-1', by, registration)
  if (!edit.ok || edit.object === undefined) throw new Error(JSON.stringify(edit))
  return edit.object
}

describe('the object behind a registry name', () => {
  it.each([
    { name: 'orders', object: /^orders$/ },
    { name: 'orders.v2', object: /^orders\.v2$/ },
    { name: 'ServiceA', object: /^servicea-[0-9a-f]{6}$/ },
    { name: 'a_b', object: /^a-b-[0-9a-f]{6}$/ },
    { name: 'a..b', object: /^a--b-[0-9a-f]{6}$/ },
    { name: 'a.-b', object: /^a-b-[0-9a-f]{6}$/ },
  ])('$name is held by an object the API server takes', ({ name, object }) => {
    const chosen = objectNameFor({ ...who, name }, [])
    expect(chosen).toMatch(object)
    expect(chosen).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)
  })

  it('names that differ only in case have objects of their own', () => {
    const objects = ['servicea', 'ServiceA', 'SERVICEA'].map((name) => objectNameFor({ ...who, name }, []))
    expect(new Set(objects).size).toBe(3)
  })

  it('is the one that already holds the name', () => {
    expect(objectNameFor(who, [serviceOf('other', { name: 'ServiceA', url })])).toBe('other')
  })
})

describe('a registration', () => {
  it('makes a Service that says that it was registered', () => {
    const { metadata, spec } = registered(undefined, who, {
      url,
      version: '1.0.0',
      ttl: '30s',
      owner: 'team-a',
      metadata: { tier: 'gold' },
    })
    expect({ metadata, spec }).toEqual({
      metadata: { name: 'servicea-1', namespace: 'default', labels },
      spec: {
        name: 'ServiceA',
        owner: 'team-a',
        version: '1.0.0',
        metadata: { tier: 'gold' },
        endpoints: [{ instance: 'one', url, version: '1.0.0', ttl: '30s' }],
      },
    })
  })

  it('is the same object when nothing changed, so that nothing is written', () => {
    const first = registered(undefined, who, { url, health: { path: '/healthz' } })
    expect(registered(first, who, { url, health: { path: '/healthz' } })).toBe(first)
  })

  it('replaces its own instance and leaves the others', () => {
    const first = registered(undefined, who, { url })
    const second = registered(first, { ...who, instance: 'two' }, { url: 'http://10.0.0.2' })
    expect(registered(second, who, { url: 'http://10.0.0.9' }).spec.endpoints).toEqual([
      { instance: 'one', url: 'http://10.0.0.9' },
      { instance: 'two', url: 'http://10.0.0.2' },
    ])
  })

  it.each([
    { what: 'a bad URL', by: who, registration: { url: 'ftp://x' }, status: 400, says: /^url:/ },
    { what: 'a bad lease', by: who, registration: { url, ttl: 'soon' }, status: 400, says: /^ttl:/ },
    { what: 'a bad instance', by: { ...who, instance: '!' }, registration: { url }, status: 400, says: /^instance:/ },
    {
      what: 'a bad check',
      by: who,
      registration: { url, health: { timeout: '9s', interval: '1s' } },
      status: 400,
      says: /^health: timeout must not be longer/,
    },
  ])('is refused for $what by its field', ({ by, registration, status, says }) => {
    expect(withRegistration(undefined, 'servicea-1', by, registration as never)).toEqual({
      ok: false,
      status,
      detail: expect.stringMatching(says),
    })
  })

  it('never takes over a declared Service', () => {
    const declared = serviceOf('service-a', { name: 'ServiceA', url })
    expect(withRegistration(declared, 'service-a', who, { url })).toMatchObject({ ok: false, status: 409 })
    expect(withoutRegistration(declared, who)).toMatchObject({ ok: false, status: 409 })
  })
})

describe('a deregistration', () => {
  const two = registered(registered(undefined, who, { url }), { ...who, instance: 'two' }, { url: 'http://10.0.0.2' })

  it('takes one instance away', () => {
    const edit = withoutRegistration(two, who)
    expect(edit.ok && edit.object?.spec.endpoints).toEqual([{ instance: 'two', url: 'http://10.0.0.2' }])
  })

  it.each([
    { what: 'the last instance', current: registered(undefined, who, { url }), instance: 'one' },
    { what: 'no instance in particular', current: two, instance: undefined },
  ])('deletes the object for $what', ({ current, instance }) => {
    expect(withoutRegistration(current, { ...who, instance })).toEqual({ ok: true, object: undefined })
  })

  it('says what is not there', () => {
    expect(withoutRegistration(undefined, who)).toMatchObject({
      status: 404,
      detail: 'Service ServiceA is not registered',
    })
    expect(withoutRegistration(two, { ...who, instance: 'x' })).toMatchObject({
      status: 404,
      detail: 'Service ServiceA has no instance x',
    })
  })
})
