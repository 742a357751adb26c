import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'

let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed()
})
afterAll(() => bed?.stop())

describe('GET /prometheus/sd', () => {
  it('is what http_sd takes: 200, application/json in UTF-8, a list, empty when there is nothing', async () => {
    const { status, headers, body } = await bed.get('/prometheus/sd')
    expect([status, body]).toEqual([200, []])
    // Prometheus's own test of the header.
    expect(headers.get('content-type')).toMatch(/^(application\/json(;\s*charset=("utf-8"|utf-8))?)$/)
  })

  it('is always the whole list, each endpoint with what is known of it', async () => {
    await bed.post('/register', {
      ...{ name: 'ServiceA', url: 'https://10.0.0.1/base', version: '1.2.3', owner: 'team-a' },
      metadata: { 'prometheus.io/scrape': 'true' },
    })
    for (let i = 0; i < 150; i++) await bed.declare(`many-${i}`, { url: `http://10.0.1.1:${1_000 + i}` })
    await eventually(async () => expect((await bed.get('/prometheus/sd')).body.length).toBe(151))
    const { body } = await bed.get('/prometheus/sd')
    expect(body.find((each: { labels: Record<string, string> }) => each.labels.__scheme__ === 'https')).toEqual({
      targets: ['10.0.0.1:443'],
      labels: {
        __scheme__: 'https',
        __meta_soaplane_service: 'ServiceA',
        __meta_soaplane_namespace: 'default',
        __meta_soaplane_object: expect.stringMatching(/^servicea-/),
        __meta_soaplane_instance: 'default',
        __meta_soaplane_url: 'https://10.0.0.1/base',
        __meta_soaplane_path: '/base',
        __meta_soaplane_origin: 'registered',
        __meta_soaplane_owner: 'team-a',
        __meta_soaplane_version: '1.2.3',
        __meta_soaplane_health: 'unknown',
        __meta_soaplane_metadata_prometheus_io_scrape: 'true',
      },
    })
  })
})
