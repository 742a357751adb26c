import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type RegistryBed, type RunningRegistry, registryBed } from '#test/kit/registry-bed.ts'

let bed: RegistryBed
let other: RunningRegistry
beforeAll(async () => {
  bed = await registryBed()
  other = await bed.another()
})
afterAll(() => bed?.stop())

const reasonAt = async (registry: Pick<RunningRegistry, 'get'>, name: string): Promise<string | undefined> => {
  const { body } = await registry.get(`/services/${name}`)
  return body.endpoints?.[0]?.reason
}

describe('two replicas of the registry', () => {
  it('show each other’s registrations', async () => {
    await bed.post('/register', { name: 'Shared', url: 'http://10.0.0.1' })
    await eventually(async () => expect(await other.discover('Shared')).toBe('http://10.0.0.1'))
    expect((await other.send('DELETE', '/register/Shared')).status).toBe(200)
    expect(await other.discover('Shared')).toBe(404)
    await eventually(async () => expect(await bed.discover('Shared')).toBe(404))
  })

  it('tell each other of renewals: a lease renewed at one does not run out at the other', async () => {
    const renewed = { name: 'Renewed', url: 'http://10.0.0.1', ttl: '2s' }
    await bed.post('/register', renewed)
    const beating = setInterval(() => void bed.send('PUT', '/register/Renewed/lease').catch(() => {}), 200)
    try {
      for (const name of ['Clock1', 'Clock2', 'Clock3']) {
        await bed.post('/register', { name, url: 'http://10.0.0.1', ttl: '1s' })
        await eventually(async () => expect(await reasonAt(other, name)).toBe('LeaseExpired'))
        expect(await reasonAt(other, 'Renewed')).toBeUndefined()
      }
    } finally {
      clearInterval(beating)
    }
    for (const registry of [bed, other])
      await eventually(async () => expect(await reasonAt(registry, 'Renewed')).toBe('LeaseExpired'))
  })

  it('each lives without the other', async () => {
    const third = await bed.another()
    await third.stop()
    await bed.post('/register', { name: 'After', url: 'http://10.0.0.1', ttl: '1s' })
    await eventually(async () => expect(await reasonAt(bed, 'After')).toBe('LeaseExpired'))
    expect(await bed.metric('soa_registry_peers_unheard')).toBe(0)
  })
})

describe('POST /peer/renewals', () => {
  it.each([
    [{}, 400],
    [{ from: 'x', renewals: [{ key: 'd/a' }] }, 400],
    [{ from: 'x', renewals: [{ key: 'default/none', instance: 'i', ageMs: 0 }] }, 204],
  ])('answers to %j with %i', async (body, status) => {
    expect((await bed.post('/peer/renewals', body)).status).toBe(status)
  })

  it('needs the control token where one is set', async () => {
    const guarded = await bed.another({ controlToken: 'secret' })
    const body = { from: 'x', renewals: [] }
    expect((await guarded.post('/peer/renewals', body)).status).toBe(401)
    expect((await guarded.post('/peer/renewals', body, { authorization: 'Bearer secret' })).status).toBe(204)
    await guarded.stop()
  })
})
