import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { eventually } from '#test/kit/eventually.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { type Running, type RunningRegistry, ready, startController, startRegistry } from '#test/kit/registry-bed.ts'

let server: OwnApiServer
let kube: Kube
let namespace: string
let controller: Running
let registry: RunningRegistry
let accountToken: string

beforeAll(async () => {
  server = await startOwnApiServer()
  const kubeconfig = server.kubeconfigPath
  await installCrds(kubeconfig)
  kube = await createKube({ kubeconfig, metrics: createMetrics({ process: false }) })
  namespace = await freshNamespace(kube)
  accountToken = await tokenOf('registrar')
  controller = await startController({ source: 'kube', kubeconfig })
  registry = await startRegistry({
    ...{ controllerUrl: controller.url, auth: 'kubernetes', kubeconfig, namespace },
    allowedUsers: ['admin', `system:serviceaccount:${namespace}:*`],
  })
  await ready(registry)
})
afterAll(async () => {
  await registry?.stop()
  await controller?.stop()
  await kube?.close()
  await server?.stop()
})

/** A token as a pod of this service account has it. */
async function tokenOf(account: string): Promise<string> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`
  await kube.create(accounts, { metadata: { name: account } })
  const { status } = await kube.create<{ status: { token: string } }>(`${accounts}/${account}/token`, {
    ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  })
  return status.token
}

function tokenIn(kubeconfigPath: string): string {
  const { users } = JSON.parse(readFileSync(kubeconfigPath, 'utf8')) as { users: [{ user: { token: string } }] }
  return users[0].user.token
}

const as = (token: string) => ({ authorization: `Bearer ${token}` })
const service = { name: 'ServiceA', url: 'http://10.0.0.1:5001' }
const register = async (token: string, body: object = service) => {
  const { status, body: answer } = await registry.post('/register', body, as(token))
  return [status, answer]
}

describe('registration by Kubernetes tokens', () => {
  it('takes a service account of an allowed namespace: the Service is a resource, and is discovered at once', async () => {
    expect(await register(accountToken)).toEqual([201, { message: 'Service ServiceA registered successfully' }])
    expect(await registry.discover('ServiceA')).toBe('http://10.0.0.1:5001')
    const { items } = await kube.list(`/apis/soaplane.dev/v1alpha1/namespaces/${namespace}/services`, {})
    expect(items).toEqual([
      expect.objectContaining({
        metadata: expect.objectContaining({
          name: expect.stringMatching(/^servicea-[0-9a-f]{6}$/),
          labels: { 'soaplane.dev/registered': 'true' },
        }),
        spec: expect.objectContaining({
          name: 'ServiceA',
          endpoints: [{ instance: 'default', url: 'http://10.0.0.1:5001' }],
        }),
      }),
    ])
  })

  it('takes a user by name', async () => {
    expect(await register(server.token)).toEqual([201, { message: 'Service ServiceA registered successfully' }])
  })

  it('refuses whom Kubernetes does not know, and whom the registry does not allow', async () => {
    expect(await register('nobody')).toEqual([401, { error: 'Kubernetes does not accept this token' }])
    expect(await register(`${accountToken}x`)).toEqual([401, { error: 'Kubernetes does not accept this token' }])
    expect(await register(tokenIn(server.guestKubeconfigPath))).toEqual([403, { error: 'guest may not register here' }])
  })

  it('says so when there is no such namespace', async () => {
    expect(await register(accountToken, { ...service, namespace: 'nowhere' })).toEqual([
      404,
      { error: 'Namespace nowhere not found' },
    ])
  })

  it('deletes the resource with the registration', async () => {
    await register(accountToken, { ...service, name: 'Leaving' })
    const gone = await registry.send('DELETE', '/register/Leaving', { headers: as(accountToken) })
    expect([gone.status, await registry.discover('Leaving')]).toEqual([200, 404])
  })

  it('cannot judge new tokens while the API server is away: 503; discovery and those it knows go on', async () => {
    const fresh = await tokenOf('late')
    await register(accountToken)
    await server.crash()
    try {
      expect(await register(fresh)).toEqual([503, { error: 'The token cannot be checked now; try again later' }])
      expect(await register(accountToken)).toEqual([201, { message: 'Service ServiceA registered successfully' }])
      expect(await registry.discover('ServiceA')).toBe('http://10.0.0.1:5001')
      const written = await register(accountToken, { ...service, url: 'http://10.0.0.9' })
      expect(written).toEqual([503, { error: expect.stringMatching(/try again later$/) }])
    } finally {
      await server.revive()
    }
    await eventually(async () => expect((await register(fresh))[0]).toBe(201), { timeoutMs: 30_000 })
  })
})
