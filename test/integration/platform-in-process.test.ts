import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lease } from '#controller/leader/decide.ts'
import { LEASES, pathTo } from '#lib/kube/paths.ts'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { type Backend, startBackend } from '#test/kit/backend.ts'
import { eventually } from '#test/kit/eventually.ts'
import { connectionsTo } from '#test/kit/kubernetes/connections.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { type User, userOf } from '#test/kit/kubernetes/user.ts'
import { type Platform, startPlatform } from '#test/kit/platform.ts'

let server: OwnApiServer
let kube: Kube
let user: User
let backend: Backend
let platform: Platform

// A server of its own: its connections are counted.
beforeAll(async () => {
  server = await startOwnApiServer()
  await installCrds(server.kubeconfigPath)
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  user = userOf(kube, await freshNamespace(kube))
  backend = await startBackend('hello')
  platform = await startPlatform({ kubeconfig: server.kubeconfigPath, namespace: user.namespace })
})
afterAll(async () => {
  await platform?.stop()
  await backend?.stop()
  await kube?.close()
  await server?.stop()
})

it('serves the same from an API server as from a folder', async () => {
  await user.apply('Service', 'greeter', { url: backend.url, expose: { paths: [{ value: '/greet' }] } })
  await eventually(async () => expect(await platform.conditions('services', 'greeter')).toContain('Ready=True/Ready'))
  expect(await user.conditions('Service', 'greeter')).toEqual(await platform.conditions('services', 'greeter'))
  expect(await (await fetch(`${platform.gateways[0]?.url()}/greet`)).text()).toBe('hello')
})

it('a registration becomes a Service object, and goes with it', async () => {
  const registered = await fetch(`${platform.registry.url()}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'ServiceA', url: backend.url, namespace: user.namespace }),
  })
  expect([registered.status, await registered.json()]).toEqual([
    201,
    { message: 'Service ServiceA registered successfully' },
  ])
  const objects = (await user.list('Service')).map(({ metadata, spec }) => ({ labels: metadata.labels, spec }))
  expect(objects).toContainEqual({
    labels: { 'soaplane.dev/registered': 'true' },
    spec: { name: 'ServiceA', endpoints: [{ instance: expect.any(String), url: backend.url }] },
  })
})

it('leaves nothing behind: the lease is given back, no connection to the API server stays', async () => {
  await platform.stop()
  const lease = await kube.get<Lease>(pathTo(LEASES, user.namespace, 'soaplane-controller'))
  expect(lease?.spec?.holderIdentity).toBe('')
  await kube.close()
  // Sooner than idle connections would end by themselves, after four seconds.
  await eventually(async () => expect(await connectionsTo(server.url)).toBe(0), { timeoutMs: 2_000 })
})
