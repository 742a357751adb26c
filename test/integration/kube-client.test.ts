import { afterAll, beforeAll, expect, it } from 'vitest'
import { microTime } from '#controller/leader/decide.ts'
import { LEASES, pathTo } from '#lib/kube/paths.ts'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { connectionsTo } from '#test/kit/kubernetes/connections.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'

let server: OwnApiServer
let kube: Kube
let guest: Kube
let namespace: string
const metrics: Metrics = createMetrics({ process: false })

beforeAll(async () => {
  server = await startOwnApiServer()
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics })
  guest = await createKube({ kubeconfig: server.guestKubeconfigPath, metrics: createMetrics({ process: false }) })
  namespace = await freshNamespace(kube)
})
afterAll(async () => {
  await kube?.close()
  await guest?.close()
  await server?.stop()
})

it('answers a missing object with undefined, and every refusal with its code and reason', async () => {
  const path = pathTo({ group: '', version: 'v1', plural: 'configmaps' }, namespace)
  const made = await kube.create(path, { metadata: { name: 'one' } })
  const body = { ...made, metadata: { ...made.metadata, resourceVersion: '1' } }
  expect(await kube.get(`${path}/none`)).toBeUndefined()
  await expect(kube.create(path, { metadata: { name: 'one' } })).rejects.toMatchObject({
    status: 409,
    reason: 'AlreadyExists',
  })
  await expect(kube.replace(`${path}/one`, body)).rejects.toMatchObject({ status: 409, reason: 'Conflict' })
  await expect(kube.remove(`${path}/one`, { uid: 'other' })).rejects.toMatchObject({ status: 409, reason: 'Conflict' })
  await expect(kube.remove(`${path}/none`)).rejects.toMatchObject({ status: 404, reason: 'NotFound' })
  await expect(guest.list(path, { limit: 5 })).rejects.toMatchObject({
    code: 'SOA_KUBE_REQUEST',
    status: 403,
    reason: 'Forbidden',
  })
  expect(await metrics.text()).toMatch(
    /rest_client_requests_total\{code="409",method="POST",host="127\.0\.0\.1:\d+"\} 1/,
  )
})

it('opens a connection once and keeps it', async () => {
  const before = await connectionsTo(server.url)
  for (let i = 0; i < 20; i++) await kube.list('/api/v1/namespaces', { limit: 1 })
  expect((await connectionsTo(server.url)) - before).toBeLessThanOrEqual(1)
})

it('reviews tokens: a user, a service account, nobody', async () => {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`
  await kube.create(accounts, { metadata: { name: 'registrar' } })
  const { status } = await kube.create<{ status: { token: string } }>(`${accounts}/registrar/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: ['soaplane-registry'] },
  })
  expect(await kube.reviewToken(server.token)).toEqual({
    authenticated: true,
    username: 'admin',
    groups: ['system:masters', 'system:authenticated'],
  })
  expect(await kube.reviewToken(status.token, ['soaplane-registry'])).toEqual({
    authenticated: true,
    username: `system:serviceaccount:${namespace}:registrar`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  })
  expect(await kube.reviewToken(status.token, ['someone-else'])).toMatchObject({ authenticated: false })
  expect(await kube.reviewToken('nonsense')).toMatchObject({ authenticated: false, groups: [] })
})

it('writes a time with six digits, since the API server refuses three', async () => {
  const path = pathTo(LEASES, namespace)
  const now = new Date()
  const lease = (name: string, renewTime: string) => ({ metadata: { name }, spec: { holderIdentity: 'me', renewTime } })
  await expect(kube.create(path, lease('date', now.toISOString()))).rejects.toMatchObject({ status: 400 })
  const made = await kube.create<{ spec: { renewTime: string } }>(path, lease('micro', microTime(now)))
  expect(made.spec.renewTime).toBe(microTime(now))
})
