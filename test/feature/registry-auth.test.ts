import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RegistryBed, type RunningRegistry, registryBed, startRegistry } from '#test/kit/registry-bed.ts'

let bed: RegistryBed
let guarded: RunningRegistry
beforeAll(async () => {
  bed = await registryBed()
  guarded = await bed.another({ auth: 'token', tokens: ['first', 'second'] })
})
afterAll(() => bed?.stop())

const service = { name: 'ServiceA', url: 'http://10.0.0.1' }
const as = (token: string) => ({ authorization: `Bearer ${token}` })

describe('registration by token', () => {
  it('takes each of the tokens, for register, renewal and delete', async () => {
    expect((await guarded.post('/register', { ...service, ttl: '1h' }, as('first'))).status).toBe(201)
    expect((await guarded.send('PUT', '/register/ServiceA/lease', { headers: as('second') })).status).toBe(200)
    expect((await guarded.send('DELETE', '/register/ServiceA', { headers: as('second') })).status).toBe(200)
  })

  it.each([
    [{}, 'Registration needs a bearer token'],
    [{ authorization: 'Basic Zmlyc3Q6' }, 'Registration needs a bearer token'],
    [{ authorization: 'Bearer third' }, 'This bearer token is not known here'],
    [{ authorization: 'Bearer first,second' }, 'This bearer token is not known here'],
  ])('refuses others with 401 and a reason: %j', async (headers, error) => {
    const answers = [
      await guarded.post('/register', service, headers as Record<string, string>),
      await guarded.send('DELETE', '/register/ServiceA', { headers }),
      await guarded.send('PUT', '/register/ServiceA/lease', { headers }),
    ]
    for (const { status, body, headers: told } of answers)
      expect([status, body, told.get('www-authenticate')]).toEqual([401, { error }, 'Bearer'])
    expect(await guarded.discover('ServiceA')).toBe(404)
  })

  it('asks before it reads: a stranger learns nothing of what a body should be', async () => {
    expect((await guarded.post('/register', 'x'.repeat(100_000), { 'content-type': 'text/plain' })).status).toBe(401)
  })

  it('leaves discovery open', async () => {
    await bed.post('/register', { ...service, name: 'Open' })
    for (const path of ['/discover/Open', '/services', '/watch', '/prometheus/sd', '/openapi.json'])
      expect([path, (await guarded.get(path)).status]).toEqual([path, 200])
  })
})

describe('a registry that cannot ask what it is told to ask', () => {
  it('does not start, and says what is missing', async () => {
    const { controllerUrl } = bed
    await expect(startRegistry({ controllerUrl, auth: 'token', tokens: [] })).rejects.toThrow(
      'SOAPLANE_REGISTRY_TOKENS is needed when registration is by token',
    )
    await expect(startRegistry({ controllerUrl, auth: 'kubernetes', kubeconfig: '/nowhere' })).rejects.toThrow(
      'Kubernetes configuration cannot be read (/nowhere)',
    )
  })

  it('is not open in a cluster unless told so', async () => {
    const inCluster = { controllerUrl: bed.controllerUrl, kubernetesHost: '10.96.0.1', kubeconfig: '/nowhere' }
    await expect(startRegistry({ ...inCluster, auth: 'auto' })).rejects.toThrow('Kubernetes configuration')
    const open = await startRegistry({ ...inCluster, auth: 'open' })
    await open.stop()
  })
})
