import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'

let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed()
  for (let i = 0; i < 25; i++) {
    const n = String(i).padStart(2, '0')
    await bed.declare(`declared-${n}`, {
      url: `http://10.0.0.${i + 1}`,
      version: `${1 + (i % 2)}.0.0`,
      owner: i % 5 === 0 ? 'team-five' : 'team-rest',
      contract: '/openapi.json',
      metadata: { tier: i % 2 === 0 ? 'gold' : 'silver' },
    })
  }
  await bed.declare('other', { url: 'http://10.1.0.1' }, 'shop')
  await bed.post('/register', { name: 'ServiceA', url: 'http://10.2.0.1', owner: 'team-five', version: '1.5.0' })
  await eventually(async () => expect((await bed.get('/services?limit=1000')).body.services.length).toBe(27))
})
afterAll(() => bed?.stop())

const namesAt = async (path: string): Promise<readonly string[]> =>
  (await bed.get(path)).body.services.map((each: { name: string }) => each.name)

describe('GET /services', () => {
  it('tells who owns what, in which version, under which contract, where and how it is', async () => {
    const { body, headers } = await bed.get('/services?limit=1')
    expect(body.services).toEqual([
      {
        ...{ name: 'declared-00', namespace: 'default', object: 'declared-00', origin: 'declared' },
        ...{ owner: 'team-five', version: '1.0.0', contract: '/openapi.json', metadata: { tier: 'gold' } },
        health: { status: 'unknown', healthy: 0, unhealthy: 0, unknown: 1 },
        endpoints: [{ instance: 'default', url: 'http://10.0.0.1', version: '1.0.0', health: 'unknown' }],
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      },
    ])
    expect(headers.get('soaplane-index')).toMatch(/\.\d+$/)
  })

  it('comes in pages that add up to all, each service once', async () => {
    const names: string[] = []
    let path = '/services?limit=10'
    for (let pages = 1; ; pages++) {
      const { body } = await bed.get(path)
      names.push(...body.services.map((each: { name: string }) => each.name))
      if (body.continue === undefined) {
        expect(pages).toBe(3)
        break
      }
      path = `/services?limit=10&continue=${encodeURIComponent(body.continue)}`
    }
    expect([names.length, new Set(names).size]).toEqual([27, 27])
  })

  it.each([
    ['owner=team-five', ['declared-00', 'declared-05', 'declared-10', 'declared-15', 'declared-20', 'ServiceA']],
    ['owner=team-five&version=1.x', ['declared-00', 'declared-10', 'declared-20', 'ServiceA']],
    ['owner=team-five&metadata.tier=silver', ['declared-05', 'declared-15']],
    ['namespace=shop', ['other']],
    ['version=1.5.0', ['ServiceA']],
    ['health=healthy', []],
    ['owner=nobody', []],
  ])('is filtered by %s', async (filters, names) => expect(await namesAt(`/services?${filters}`)).toEqual(names))

  it.each([
    ['limit=0', 'limit: give a whole number from 1 to 1000'],
    ['limit=1001', 'limit: give a whole number from 1 to 1000'],
    ['limit=ten', 'limit: give a whole number from 1 to 1000'],
    ['continue=nonsense', 'continue: give the value that the last page ended with'],
    ['health=fine', 'health: give one of healthy, unhealthy, unknown'],
  ])('refuses %s', async (query, detail) => {
    const { status, headers, body } = await bed.get(`/services?${query}`)
    expect([status, body.detail]).toEqual([400, detail])
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
  })
})

describe('GET /services/<name>', () => {
  it('tells of one service', async () => {
    expect((await bed.get('/services/ServiceA')).body).toMatchObject({ name: 'ServiceA', origin: 'registered' })
    expect((await bed.get('/services/other?namespace=shop')).body).toMatchObject({ namespace: 'shop' })
  })

  it('answers 404 to one that is not there', async () => {
    const { status, body } = await bed.get('/services/ServiceX')
    expect([status, body.detail]).toEqual([404, 'Service ServiceX not found'])
  })
})
