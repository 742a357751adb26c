import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { httpBackend, tcpBackend } from '#test/kit/registry-backend.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'
import { watchSocket } from '#test/kit/registry-watch.ts'

const health = { path: '/healthz', interval: '100ms', timeout: '100ms', unhealthyAfter: 2, healthyAfter: 1 }
let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed()
})
afterAll(() => bed?.stop())

const statusOf = async (name: string): Promise<string> => (await bed.get(`/services/${name}`)).body.health?.status
const endpointsOf = async (name: string) => (await bed.get(`/services/${name}`)).body.endpoints

describe('health by HTTP', () => {
  it('follows an endpoint that turns sick and recovers: discovery, inventory, watch', async () => {
    const backend = await httpBackend()
    await bed.post('/register', { name: 'Wobbly', url: backend.url, health })
    const watcher = await watchSocket(`${bed.registry().url}/watch?service=Wobbly`)
    try {
      await eventually(async () => expect(await statusOf('Wobbly')).toBe('healthy'))
      const discovered = await bed.get('/discover/Wobbly')
      expect([discovered.status, discovered.headers.get('soaplane-health')]).toEqual([200, null])

      backend.answer(500)
      await eventually(async () => expect(await bed.discover('Wobbly')).toBe(503))
      expect((await bed.get('/discover/Wobbly')).body).toEqual({ error: 'Service Wobbly has no healthy instance' })
      expect(await endpointsOf('Wobbly')).toEqual([
        { instance: 'default', url: backend.url, health: 'unhealthy', reason: 'ProbeFailed', message: 'answered 500' },
      ])

      backend.answer(200)
      await eventually(async () => expect(await bed.discover('Wobbly')).toBe(backend.url))
      const seen = watcher.frames.map((frame) => frame.type === 'change' && frame.put[0]?.endpoints[0]?.health)
      expect(seen.slice(-3)).toEqual(['healthy', 'unhealthy', 'healthy'])
    } finally {
      watcher.close()
      await backend.stop()
    }
  })

  it('sends nobody to a sick endpoint while another is healthy', async () => {
    const [sick, well] = [await httpBackend(), await httpBackend()]
    try {
      sick.answer(503)
      for (const [instance, { url }] of Object.entries({ sick, well }))
        await bed.post('/register', { name: 'Pair', url, instance, health })
      await eventually(async () =>
        expect((await endpointsOf('Pair')).map((each: { health: string }) => each.health)).toEqual([
          'unhealthy',
          'healthy',
        ]),
      )
      for (let i = 0; i < 6; i++) expect(await bed.discover('Pair')).toBe(well.url)
      expect((await bed.get('/discover/Pair?instance=sick')).status).toBe(503)
      expect(await statusOf('Pair')).toBe('healthy')
    } finally {
      await sick.stop()
      await well.stop()
    }
  })

  it('begins unknown, served with a header that says so', async () => {
    const backend = await httpBackend()
    backend.answer(500)
    try {
      const slow = { ...health, interval: '1h', unhealthyAfter: 100 }
      await bed.post('/register', { name: 'Unknown', url: backend.url, health: slow })
      await eventually(() => backend.asked() > 0)
      const { status, headers } = await bed.get('/discover/Unknown')
      expect([status, headers.get('soaplane-health')]).toEqual([200, 'unknown'])
    } finally {
      await backend.stop()
    }
  })

  it('is checked where the file says, and no longer when it does not', async () => {
    const backend = await httpBackend()
    try {
      await bed.declare('checked', { url: backend.url, health })
      await eventually(async () => expect(await statusOf('checked')).toBe('healthy'))
      await bed.declare('checked', { url: backend.url })
      await eventually(async () => expect(await statusOf('checked')).toBe('unknown'))
    } finally {
      await backend.stop()
    }
  })
})

describe('health by TCP', () => {
  it('is an open port', async () => {
    const backend = await tcpBackend()
    const port = Number(new URL(backend.url).port)
    await bed.post('/register', { name: 'Port', url: backend.url, health: { ...health, type: 'tcp' } })
    await eventually(async () => expect(await statusOf('Port')).toBe('healthy'))
    await backend.stop()
    await eventually(async () => expect(await bed.discover('Port')).toBe(503))
    const again = await tcpBackend(port)
    await eventually(async () => expect(await bed.discover('Port')).toBe(backend.url))
    await again.stop()
  })
})

describe('health by Kubernetes', () => {
  it('is readiness of the EndpointSlice', async () => {
    const slice = (ready: boolean) => ({
      endpoints: [
        { addresses: ['10.4.0.1'], conditions: { ready: true } },
        { addresses: ['10.4.0.2'], conditions: { ready } },
      ],
    })
    await bed.declareSlice('pods-1', 'pods', slice(false))
    await bed.declare('pods', { name: 'Pods', kubernetesService: { name: 'pods', port: 'http' } })
    await eventually(async () =>
      expect(await endpointsOf('Pods')).toEqual([
        { instance: '10.4.0.1:8080', url: 'http://10.4.0.1:8080', health: 'healthy' },
        { instance: '10.4.0.2:8080', url: 'http://10.4.0.2:8080', health: 'unhealthy', reason: 'NotReady' },
      ]),
    )
    expect([await bed.discover('Pods'), await bed.discover('Pods')]).toEqual([
      'http://10.4.0.1:8080',
      'http://10.4.0.1:8080',
    ])
    await bed.declareSlice('pods-1', 'pods', slice(true))
    await eventually(async () => expect((await bed.get('/services/Pods')).body.health.healthy).toBe(2))
  })
})

it('counts probes and endpoints by health', async () => {
  expect(await bed.metric('soa_registry_probes_total{outcome="pass"}')).toBeGreaterThan(0)
  expect(await bed.metric('soa_registry_probes_total{outcome="fail"}')).toBeGreaterThan(0)
  expect(await bed.metric('soa_registry_endpoints{health="healthy"}')).toBeGreaterThan(0)
})
