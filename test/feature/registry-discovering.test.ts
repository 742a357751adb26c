import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type RegistryBed, registryBed, startRegistry } from '#test/kit/registry-bed.ts'

let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed()
  await bed.declare('orders', {
    name: 'Orders',
    endpoints: [
      { instance: 'a', url: 'http://10.0.0.1', version: '1.4.0' },
      { instance: 'b', url: 'http://10.0.0.2', version: '2.0.0' },
      { instance: 'c', url: 'http://10.0.0.3', version: '2.1.0' },
    ],
  })
  await bed.declare('orders', { name: 'Orders', url: 'http://10.9.9.9', version: '9.0.0' }, 'shop')
  await bed.declare('only', { name: 'Only', url: 'http://10.8.8.8' }, 'shop')
  await bed.declare('twice', { name: 'Twice', url: 'http://10.7.7.7' }, 'shop')
  await bed.declare('twice', { name: 'Twice', url: 'http://10.7.7.8' }, 'stock')
  await eventually(async () => expect((await bed.get('/services')).body.services.length).toBe(5))
})
afterAll(() => bed?.stop())

const answer = async (path: string) => {
  const { status, body } = await bed.get(path)
  return [status, body]
}

describe('GET /discover/<name>', () => {
  it('answers with the URL of each endpoint in turn', async () => {
    const urls = []
    for (let i = 0; i < 6; i++) urls.push(await bed.discover('Orders'))
    expect([...urls].sort()).toEqual(
      ['http://10.0.0.1', 'http://10.0.0.2', 'http://10.0.0.3'].flatMap((url) => [url, url]),
    )
    expect(new Set(urls.slice(0, 3)).size).toBe(3)
  })

  it('answers 404 with the name to what is not there', async () => {
    expect(await answer('/discover/ServiceX')).toEqual([404, { error: 'Service ServiceX not found' }])
    expect(await answer('/discover/ServiceX?namespace=shop')).toEqual([404, { error: 'Service ServiceX not found' }])
  })

  it.each([
    ['?version=1.4.0', 200, { service_url: 'http://10.0.0.1' }],
    ['?version=1.x', 200, { service_url: 'http://10.0.0.1' }],
    ['?version=%3E%3D2.1', 200, { service_url: 'http://10.0.0.3' }],
    ['?version=3.x', 404, { error: 'Service Orders has no version 3.x; it offers 1.4.0, 2.0.0, 2.1.0' }],
    ['?instance=b', 200, { service_url: 'http://10.0.0.2' }],
    ['?instance=z', 404, { error: 'Service Orders has no instance z' }],
    ['?instance=b&version=1.x', 404, { error: 'Service Orders has no version 1.x; it offers 2.0.0' }],
    ['?namespace=shop', 200, { service_url: 'http://10.9.9.9' }],
    ['?namespace=nowhere', 404, { error: 'Service Orders not found' }],
  ])('of Orders with %s answers %i', async (query, status, body) => {
    expect(await answer(`/discover/Orders${query}`)).toEqual([status, body])
  })

  it('takes turns among the endpoints of one version', async () => {
    const urls = []
    for (let i = 0; i < 4; i++) urls.push((await bed.get('/discover/Orders?version=2.x')).body.service_url)
    expect([...urls].sort()).toEqual(['http://10.0.0.2', 'http://10.0.0.2', 'http://10.0.0.3', 'http://10.0.0.3'])
  })

  it('finds a service of another namespace when no other has the name, and asks which when several do', async () => {
    expect(await answer('/discover/Only')).toEqual([200, { service_url: 'http://10.8.8.8' }])
    expect(await answer('/discover/Twice')).toEqual([
      409,
      { error: 'Service Twice is in several namespaces: shop, stock; ask with ?namespace=' },
    ])
  })

  it('says in headers which copy it is from, and that nobody checks the health', async () => {
    const { headers } = await bed.get('/discover/Orders')
    expect(headers.get('soaplane-index')).toMatch(/^[0-9a-f-]{36}\.\d+$/)
    expect(headers.get('soaplane-health')).toBe('unknown')
    expect(headers.get('soaplane-stale')).toBeNull()
    expect(headers.get('content-type')).toMatch(/^application\/json/)
  })

  it('follows what is declared, changed and deleted', async () => {
    await bed.declare('moving', { url: 'http://10.1.1.1' })
    await eventually(async () => expect(await bed.discover('moving')).toBe('http://10.1.1.1'))
    await bed.declare('moving', { url: 'http://10.1.1.2' })
    await eventually(async () => expect(await bed.discover('moving')).toBe('http://10.1.1.2'))
    await bed.undeclare('moving')
    await eventually(async () => expect(await bed.discover('moving')).toBe(404))
  })

  it('counts what it answers, and how long that takes', async () => {
    const of = (code: number) =>
      bed.metric(`soa_registry_http_requests_total{method="GET",route="/discover/:name",code="${code}"}`)
    const before = [(await of(200)) ?? 0, (await of(404)) ?? 0]
    await bed.get('/discover/Orders')
    await bed.get('/discover/ServiceX')
    await eventually(async () => expect([await of(200), await of(404)]).toEqual(before.map((each) => each + 1)))
    expect(await bed.metric('soa_registry_discover_seconds_count')).toBeGreaterThan(1)
  })
})

describe('a registry that has no copy of the model yet', () => {
  it('is not ready and says of nothing that it does not exist', async () => {
    const young = await startRegistry({ controllerUrl: 'http://127.0.0.1:1' })
    try {
      for (const path of ['/discover/Orders', '/services', '/services/Orders', '/watch', '/prometheus/sd']) {
        const { status, headers } = await young.get(path)
        expect([path, status, headers.get('retry-after')]).toEqual([path, 503, '1'])
      }
      expect((await young.get('/discover/Orders')).body).toEqual({
        error: 'The registry has no copy of the model yet; try again in a second',
      })
      expect((await young.post('/register', { name: 'A', url: 'http://10.0.0.1' })).status).toBe(503)
      const readiness = await young.get('/readyz')
      expect([readiness.status, readiness.body]).toEqual([503, 'feed registry: no copy of the model yet\n'])
      expect((await young.get('/livez')).status).toBe(200)
    } finally {
      await young.stop()
    }
  })
})
