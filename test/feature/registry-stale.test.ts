import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { httpBackend } from '#test/kit/registry-backend.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'
import { watchSocket } from '#test/kit/registry-watch.ts'

let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed({ visibleWithinMs: 500 })
})
afterAll(() => bed?.stop())

describe('a registry whose controller is out of reach', () => {
  it('answers on from its last copy, marked as such; health and leases go on; registration waits', async () => {
    const backend = await httpBackend()
    const health = { interval: '100ms', timeout: '100ms', unhealthyAfter: 1 }
    await bed.post('/register', { name: 'ServiceA', url: 'http://10.0.0.1' })
    await bed.post('/register', { name: 'Leased', url: 'http://10.0.0.2', ttl: '1h' })
    await bed.post('/register', { name: 'Wobbly', url: backend.url, health })
    const watcher = await watchSocket(`${bed.registry().url}/watch`)
    await bed.stopController()

    await eventually(async () => expect((await bed.get('/discover/ServiceA')).headers.has('soaplane-stale')).toBe(true))
    for (const path of ['/discover/ServiceA', '/services', '/services/ServiceA', '/prometheus/sd', '/watch']) {
      const { status, headers } = await bed.get(path)
      expect([path, status, headers.get('soaplane-stale')]).toEqual([path, 200, expect.stringMatching(/^\d+$/)])
    }
    expect(await bed.discover('ServiceA')).toBe('http://10.0.0.1')
    expect((await bed.get('/discover/ServiceX')).status).toBe(404)
    expect((await bed.get('/readyz')).status).toBe(200)

    backend.answer(500)
    await eventually(async () => expect(await bed.discover('Wobbly')).toBe(503))
    expect(watcher.hasEnded()).toBe(false)
    expect(watcher.frames.at(-1)).toMatchObject({ put: [{ name: 'Wobbly', endpoints: [{ health: 'unhealthy' }] }] })

    const refused = await bed.post('/register', { name: 'ServiceB', url: 'http://10.0.0.2' })
    expect([refused.status, refused.headers.get('retry-after'), refused.body]).toEqual([
      503,
      '1',
      { error: 'The controller is out of reach; nothing is lost, but try again later' },
    ])
    expect((await bed.send('DELETE', '/register/ServiceA')).status).toBe(503)
    // What is there already needs no controller: services that beat by registering again stay alive.
    expect((await bed.post('/register', { name: 'Leased', url: 'http://10.0.0.2', ttl: '1h' })).status).toBe(201)
    expect((await bed.send('PUT', '/register/Leased/lease')).status).toBe(200)

    await eventually(async () => expect(await bed.metric('soa_registry_stale_seconds')).toBeGreaterThanOrEqual(1))
    expect(await bed.metric('soa_registry_stale_serves_total')).toBeGreaterThan(5)
    watcher.close()
    await backend.stop()
  })

  it('is fresh again when the controller is back: nothing was lost, registration works', async () => {
    await bed.startController()
    await eventually(async () => expect((await bed.get('/services')).headers.has('soaplane-stale')).toBe(false))
    expect(await bed.discover('ServiceA')).toBe('http://10.0.0.1')
    expect((await bed.post('/register', { name: 'ServiceB', url: 'http://10.0.0.2' })).status).toBe(201)
    expect(await bed.discover('ServiceB')).toBe('http://10.0.0.2')
    expect(await bed.metric('soa_registry_stale_seconds')).toBe(0)
  })
})
