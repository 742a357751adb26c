import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'

const TTL_MS = 1_000
let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed({ maxHoldMs: 600_000, reapAfterMs: 600_000 })
})
afterAll(() => bed?.stop())

const beating = new Set<NodeJS.Timeout>()
afterEach(() => {
  for (const each of beating) clearInterval(each)
  beating.clear()
})

const register = (name: string, instance: string, more = {}) =>
  bed.post('/register', { name, instance, url: `http://10.0.0.1/${instance}`, ttl: '1s', ...more })

/** Renews like a client does, several times a ttl, until the test is over or the returned function is called. */
function keepAlive(renew: () => Promise<unknown>): () => void {
  const timer = setInterval(() => void renew().catch(() => {}), TTL_MS / 5)
  beating.add(timer)
  return () => clearInterval(timer)
}

const endpointsOf = async (name: string): Promise<Record<string, string>> => {
  const { body } = await bed.get(`/services/${name}`)
  return Object.fromEntries(
    (body.endpoints ?? []).map((each: { instance: string; health: string; reason?: string }) => [
      each.instance,
      each.reason ?? each.health,
    ]),
  )
}

describe('a lease', () => {
  it('runs out without a renewal, and registering again brings the instance back at once', async () => {
    expect((await register('Silent', 'one')).status).toBe(201)
    expect(await endpointsOf('Silent')).toEqual({ one: 'unknown' })
    await eventually(async () => expect(await bed.discover('Silent')).toBe(503))
    expect(await endpointsOf('Silent')).toEqual({ one: 'LeaseExpired' })
    expect((await register('Silent', 'one')).status).toBe(201)
    expect(await bed.discover('Silent')).toBe('http://10.0.0.1/one')
  })

  it('lives on by renewals, by registering again or by PUT, while others run out', async () => {
    const renewed = () => register('Beating', 'by-post', { ttl: '2s' })
    await renewed()
    await register('Beating', 'by-put', { ttl: '2s' })
    await register('Beating', 'never')
    await register('Beating', 'no-lease', { ttl: undefined })
    keepAlive(renewed)
    keepAlive(() => bed.send('PUT', '/register/Beating/lease?instance=by-put'))
    await eventually(async () => expect((await endpointsOf('Beating')).never).toBe('LeaseExpired'))
    // Three more leases of others end meanwhile, one after the other: the renewed have outlived theirs.
    for (const name of ['Clock1', 'Clock2', 'Clock3']) {
      await register(name, 'one')
      await eventually(async () => expect(await endpointsOf(name)).toEqual({ one: 'LeaseExpired' }))
    }
    expect(await endpointsOf('Beating')).toEqual({
      ...{ 'by-post': 'unknown', 'by-put': 'unknown', never: 'LeaseExpired', 'no-lease': 'unknown' },
    })
  })

  it('is not written anywhere: renewals do not change the resource', async () => {
    await register('Quiet', 'one')
    const before = await bed.metric('soa_registry_register_visible_seconds_count')
    for (let i = 0; i < 5; i++) expect((await register('Quiet', 'one')).status).toBe(201)
    expect(await bed.metric('soa_registry_register_visible_seconds_count')).toBe(before)
  })

  it.each([
    { path: '/register/Nobody/lease', gives: [404, 'Service Nobody not found'] },
    { path: '/register/Held/lease', gives: [404, 'Service Held has no instance default'] },
    { path: '/register/Held/lease?instance=two', gives: [404, 'Service Held has no instance two'] },
    {
      path: '/register/Held/lease?instance=one',
      gives: [409, 'Instance one of service Held has no lease; register it with a ttl'],
    },
  ])('cannot be renewed where there is none: $path', async ({ path, gives }) => {
    await register('Held', 'one', { ttl: undefined })
    const { status, body } = await bed.send('PUT', path)
    expect([status, body.error]).toEqual(gives)
  })

  it('begins anew when the registry starts: its outage is nobody’s fault', async () => {
    await register('Patient', 'one', { ttl: '1h' })
    await register('Brief', 'one')
    await eventually(async () => expect(await endpointsOf('Brief')).toEqual({ one: 'LeaseExpired' }))
    await bed.restartRegistry()
    expect(await endpointsOf('Brief')).toEqual({ one: 'unknown' })
    await eventually(async () => expect(await endpointsOf('Brief')).toEqual({ one: 'LeaseExpired' }))
    expect(await endpointsOf('Patient')).toEqual({ one: 'unknown' })
  })

  it('is measured: how late it is seen to run out', async () => {
    await register('Late', 'one')
    await eventually(async () => expect(await endpointsOf('Late')).toEqual({ one: 'LeaseExpired' }))
    expect(await bed.metric('soa_registry_lease_expiry_lag_seconds_count')).toBeGreaterThan(0)
  })
})

describe('the guard against mass eviction', () => {
  it('keeps a fleet whose leases all run out at once, and lets single ones go', async () => {
    for (const instance of ['a', 'b', 'c', 'd']) await register('Fleet', instance)
    for (const instance of ['a', 'b']) await register('Couple', instance)
    await eventually(async () => expect(await endpointsOf('Couple')).toEqual({ a: 'LeaseExpired', b: 'LeaseExpired' }))
    const key = (await bed.get('/services/Fleet')).body.object
    await eventually(async () =>
      expect(await bed.metric(`soa_registry_evictions_held{service="default/${key}"}`)).toBe(4),
    )
    expect(Object.values(await endpointsOf('Fleet'))).toEqual(['unknown', 'unknown', 'unknown', 'unknown'])
    expect(await bed.discover('Fleet')).toMatch(/^http/)

    for (const instance of ['a', 'b', 'c']) {
      await register('Fleet', instance)
      keepAlive(() => register('Fleet', instance))
    }
    await eventually(async () => expect((await endpointsOf('Fleet')).d).toBe('LeaseExpired'))
    expect(await bed.metric(`soa_registry_evictions_held{service="default/${key}"}`)).toBeUndefined()
  })

  it('does not hold for ever', async () => {
    const impatient = await bed.another({ maxHoldMs: 200 })
    for (const instance of ['a', 'b', 'c', 'd']) await register('Doomed', instance)
    await eventually(async () => expect(await impatient.discover('Doomed')).toBe(503))
    await impatient.stop()
  })
})

describe('an instance whose lease ran out long ago', () => {
  it('is deleted, with the service when it was the last', async () => {
    const tidy = await bed.another({ reapAfterMs: 300 })
    await register('Mortal', 'dying')
    await register('Mortal', 'living')
    const stop = keepAlive(() => register('Mortal', 'living'))
    await eventually(async () => expect(Object.keys(await endpointsOf('Mortal'))).toEqual(['living']))
    stop()
    await eventually(async () => expect(await bed.discover('Mortal')).toBe(404))
    expect(await tidy.metric('soa_registry_instances_reaped_total')).toBeGreaterThanOrEqual(2)
    await tidy.stop()
  })

  it('stays when it was declared: that is its author’s', async () => {
    const tidy = await bed.another({ reapAfterMs: 1 })
    await bed.declare('authored', { endpoints: [{ instance: 'one', url: 'http://10.0.0.1', ttl: '1s' }] })
    await eventually(async () => expect(await tidy.discover('authored')).toBe(503))
    await register('Other', 'one')
    await eventually(async () => expect(await tidy.discover('Other')).toBe(404))
    expect(await endpointsOf('authored')).toEqual({ one: 'LeaseExpired' })
    await tidy.stop()
  })
})
