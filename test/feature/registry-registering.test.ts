import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'

let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed()
})
afterAll(() => bed?.stop())

describe('POST /register', () => {
  it('answers 201 with the message, and discovery on this registry knows the service at once', async () => {
    for (let i = 0; i < 20; i++) {
      const registered = await bed.post('/register', { name: `Fresh${i}`, url: `http://10.0.0.1:${5000 + i}` })
      expect([registered.status, registered.body]).toEqual([
        201,
        { message: `Service Fresh${i} registered successfully` },
      ])
      const discovered = await bed.get(`/discover/Fresh${i}`)
      expect([discovered.status, discovered.body]).toEqual([200, { service_url: `http://10.0.0.1:${5000 + i}` }])
    }
  })

  it.each([
    { body: {} },
    { body: { name: 'ServiceA' } },
    { body: { url: 'http://10.0.0.1' } },
    { body: { name: '', url: 'http://10.0.0.1' } },
    { body: { name: 'ServiceA', url: null } },
    { body: null },
    { body: [] },
    { body: 'ServiceA' },
  ])('answers 400 with the fixed error to $body', async ({ body }) => {
    const { status, body: answer } = await bed.post('/register', body)
    expect([status, answer]).toEqual([400, { error: 'Invalid service registration data' }])
  })

  it('is an upsert: the same again changes nothing, another URL replaces the one before', async () => {
    const first = { name: 'Moving', url: 'http://10.0.0.1:1', owner: 'team-a', metadata: { tier: 'gold' } }
    await bed.post('/register', first)
    const index = (await bed.get('/services/Moving')).headers.get('soaplane-index')
    expect((await bed.post('/register', first)).status).toBe(201)
    expect((await bed.get('/services/Moving')).headers.get('soaplane-index')).toBe(index)
    expect((await bed.post('/register', { name: 'Moving', url: 'http://10.0.0.1:2' })).status).toBe(201)
    const { body } = await bed.get('/services/Moving')
    expect(body).toMatchObject({
      owner: 'team-a',
      metadata: { tier: 'gold' },
      endpoints: [{ instance: 'default', url: 'http://10.0.0.1:2' }],
    })
  })

  it('keeps several instances of one service apart', async () => {
    const at = (instance: string, more = {}) =>
      bed.post('/register', { name: 'Fleet', url: `http://10.0.0.1/${instance}`, instance, ...more })
    await Promise.all([at('a', { version: '1.0.0' }), at('b', { version: '2.0.0' }), at('c')])
    await at('a')
    const { body } = await bed.get('/services/Fleet')
    expect(body.endpoints.map((each: { instance: string; version?: string }) => [each.instance, each.version])).toEqual(
      [
        ['a', '1.0.0'],
        ['b', '2.0.0'],
        ['c', expect.stringMatching(/^[12]\.0\.0$/)],
      ],
    )
    expect((await bed.send('DELETE', '/register/Fleet?instance=b')).status).toBe(200)
    expect((await bed.get('/services/Fleet')).body.endpoints).toHaveLength(2)
  })

  it('keeps the version of an instance whose URL changes', async () => {
    await bed.post('/register', { name: 'Kept', url: 'http://10.0.0.1:1', version: '1.0.0', instance: 'a' })
    await bed.post('/register', { name: 'Kept', url: 'http://10.0.0.1:9', version: '2.0.0', instance: 'b' })
    await bed.post('/register', { name: 'Kept', url: 'http://10.0.0.1:2', instance: 'a' })
    expect((await bed.get('/discover/Kept?version=1.0.0')).body).toEqual({ service_url: 'http://10.0.0.1:2' })
  })

  it('takes what else is known: version, owner, contract, metadata, health, ttl', async () => {
    const registered = await bed.post('/register', {
      name: 'Full',
      url: 'http://127.0.0.1:9/',
      namespace: 'shop',
      instance: 'one',
      version: '1.4.2',
      owner: 'team-shop',
      contract: 'http://127.0.0.1:9/openapi.json',
      metadata: { tier: 'gold' },
      ttl: '90s',
      health: { type: 'tcp', interval: '1h', timeout: '1s' },
      unheardOf: true,
    })
    expect(registered.status).toBe(201)
    const { body } = await bed.get('/services/Full?namespace=shop')
    expect(body).toEqual({
      name: 'Full',
      namespace: 'shop',
      object: expect.stringMatching(/^full-[0-9a-f]{6}$/),
      origin: 'registered',
      owner: 'team-shop',
      version: '1.4.2',
      contract: 'http://127.0.0.1:9/openapi.json',
      metadata: { tier: 'gold' },
      health: expect.objectContaining({ healthy: 0 }),
      endpoints: [expect.objectContaining({ instance: 'one', url: 'http://127.0.0.1:9', version: '1.4.2', ttl: 90 })],
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })
  })

  it('lets many register at once, each visible when answered', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `Crowd${i}`)
    await Promise.all(
      names.map(async (name) => {
        expect((await bed.post('/register', { name, url: 'http://10.0.0.1' })).status).toBe(201)
        expect(await bed.discover(name)).toBe('http://10.0.0.1')
      }),
    )
    expect(await bed.metric('soa_registry_register_visible_seconds_count')).toBeGreaterThanOrEqual(50)
  })

  it('refuses a name that a declared service holds, unless it says the same', async () => {
    await bed.declare('declared', { name: 'Declared', url: 'http://10.0.0.7' })
    await eventually(async () => expect(await bed.discover('Declared')).toBe('http://10.0.0.7'))
    const { status, body } = await bed.post('/register', { name: 'Declared', url: 'http://10.0.0.8' })
    expect([status, body]).toEqual([
      409,
      {
        error: 'Service Declared is declared by the object default/declared: change that object, or use another name',
      },
    ])
    expect((await bed.post('/register', { name: 'Declared', url: 'http://10.0.0.7' })).status).toBe(201)
    expect((await bed.send('DELETE', '/register/Declared')).status).toBe(409)
  })

  it('is a resource: a file of the folder, a Service of the control API', async () => {
    await bed.post('/register', { name: 'ServiceA', url: 'http://10.0.0.1:5001' })
    const files = await readdir(join(bed.folder, 'registered'))
    expect(files).toContainEqual(expect.stringMatching(/^default\.servicea-[0-9a-f]{6}\.yaml$/))
  })
})

describe('DELETE /register/<name>', () => {
  it('forgets the service here at once, and what it never knew is 404', async () => {
    await bed.post('/register', { name: 'Leaving', url: 'http://10.0.0.1' })
    const gone = await bed.send('DELETE', '/register/Leaving')
    expect([gone.status, gone.body]).toEqual([200, { message: 'Service Leaving deregistered successfully' }])
    expect((await bed.get('/discover/Leaving')).body).toEqual({ error: 'Service Leaving not found' })
    const again = await bed.send('DELETE', '/register/Leaving')
    expect([again.status, again.body]).toEqual([404, { error: 'Service Leaving not found' }])
  })

  it('names an instance that is not there', async () => {
    await bed.post('/register', { name: 'Single', url: 'http://10.0.0.1' })
    const { status, body } = await bed.send('DELETE', '/register/Single?instance=other')
    expect([status, body]).toEqual([404, { error: 'Service Single has no instance other' }])
  })

  it('can be registered anew', async () => {
    for (const port of [1, 2, 3]) {
      await bed.post('/register', { name: 'Phoenix', url: `http://10.0.0.1:${port}` })
      expect(await bed.discover('Phoenix')).toBe(`http://10.0.0.1:${port}`)
      expect((await bed.send('DELETE', '/register/Phoenix')).status).toBe(200)
      expect(await bed.discover('Phoenix')).toBe(404)
    }
  })
})
