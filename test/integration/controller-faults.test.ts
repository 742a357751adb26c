import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { type ControllerProcess, controllerProcess } from '#test/kit/controllers.ts'
import { eventually } from '#test/kit/eventually.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { CONTROLLER_RULES, grant } from '#test/kit/kubernetes/rights.ts'
import { type User, userOf } from '#test/kit/kubernetes/user.ts'
import { startReplica, type TestReplica } from '#test/kit/replica.ts'

let server: OwnApiServer
let kube: Kube
let user: User
let guest: ControllerProcess
let registry: TestReplica<'registry'>

// A server of its own, to hurt; the order of the tests is the life of one controller.
beforeAll(async () => {
  server = await startOwnApiServer()
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  user = userOf(kube, await freshNamespace(kube))
  guest = await controllerProcess(server.guestKubeconfigPath, user.namespace)
})
afterAll(async () => {
  await registry?.stop()
  await guest?.kill('SIGTERM')
  await kube?.close()
  await server?.stop()
})

const isReady = (name: string, timeoutMs = 20_000) =>
  eventually(async () => expect(await user.conditions('Service', name)).toContain('Ready=True/Ready'), { timeoutMs })

it('says what it may not do, is not ready, and lives on', async () => {
  await guest.start()
  const reasons = await eventually(async () => {
    const told = await guest.readiness()
    expect(told).not.toContain('starting')
    return told.split('\n')
  })
  expect(reasons).toEqual([
    'watch services.soaplane.dev: GET /apis/soaplane.dev/v1alpha1/services answered 403 Forbidden: services.soaplane.dev is forbidden: User "guest" cannot list resource "services" in API group "soaplane.dev" at the cluster scope',
    'watch policies.soaplane.dev: GET /apis/soaplane.dev/v1alpha1/policies answered 403 Forbidden: policies.soaplane.dev is forbidden: User "guest" cannot list resource "policies" in API group "soaplane.dev" at the cluster scope',
    'watch messageroutes.soaplane.dev: GET /apis/soaplane.dev/v1alpha1/messageroutes answered 403 Forbidden: messageroutes.soaplane.dev is forbidden: User "guest" cannot list resource "messageroutes" in API group "soaplane.dev" at the cluster scope',
    'watch endpointslices.discovery.k8s.io: GET /apis/discovery.k8s.io/v1/endpointslices answered 403 Forbidden: endpointslices.discovery.k8s.io is forbidden: User "guest" cannot list resource "endpointslices" in API group "discovery.k8s.io" at the cluster scope',
  ])
  await eventually(() => expect(logged('Lease request failed, trying again')).toMatch(/cannot get resource "leases"/))
  expect(await guest.leads()).toBe(false)
  expect(guest.ended()).toBeUndefined()
})

it('begins by itself once it may, and says which CRDs it waits for', async () => {
  await grant(kube, 'guest', CONTROLLER_RULES)
  await eventually(
    async () =>
      expect((await guest.readiness()).split('\n')).toEqual([
        'watch services.soaplane.dev: services.soaplane.dev is not installed: apply k8s/crds/services.yaml (the chart installs it)',
        'watch policies.soaplane.dev: policies.soaplane.dev is not installed: apply k8s/crds/policies.yaml (the chart installs it)',
        'watch messageroutes.soaplane.dev: messageroutes.soaplane.dev is not installed: apply k8s/crds/messageroutes.yaml (the chart installs it)',
      ]),
    { timeoutMs: 30_000 },
  )
})

it('publishes nothing before all is listed: a replica keeps what it has', async () => {
  registry = await startReplica('registry', () => guest.url)
  await eventually(async () => expect((await guest.replicas()).length).toBe(1))
  expect(registry.version()).toBeUndefined()
})

it('begins by itself once the CRDs are there, and does all its work with these rights alone', async () => {
  await installCrds(server.kubeconfigPath)
  await eventually(async () => expect(await guest.readiness()).toBe('ok'), { timeoutMs: 30_000 })
  await user.apply('Service', 'first', { url: 'http://first.example' })
  await user.apply('Policy', 'missing', {
    targetRefs: [{ kind: 'Service', name: 'nowhere' }],
    rateLimits: [{ name: 'r', limit: 1, period: '1s' }],
  })
  await isReady('first')
  await eventually(async () =>
    expect(await user.conditions('Policy', 'missing')).toContain('Accepted=False/TargetNotFound'),
  )
  await eventually(async () => expect(await user.events('first')).toEqual(['Normal Ready x1']))
  const registered = await fetch(`${guest.url}/registrations/${user.namespace}/Registered/one`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: 'http://registered.example' }),
  })
  expect(registered.status).toBe(200)
  await eventually(() =>
    expect([...registry.items().values()].map(({ name }) => name).sort()).toEqual(['Registered', 'first']),
  )
  const removed = await fetch(`${guest.url}/registrations/${user.namespace}/Registered`, { method: 'DELETE' })
  expect(removed.status).toBe(200)
  await eventually(() => expect([...registry.items().values()].map(({ name }) => name)).toEqual(['first']))
  // Whatever it wanted beyond these rights would have been refused.
  const log = guest.log()
  const sinceListed = log.slice(log.findLastIndex(({ msg }) => msg === 'First full list read'))
  expect(sinceListed.filter(({ error }) => String(error).includes('forbidden'))).toEqual([])
})

it('serves on while the API server is away, and goes on where it was when it is back', async () => {
  const before = registry.items()
  await server.crash()
  await eventually(() =>
    expect(logged('API server failed this kind, trying again')).toMatch(/ECONNREFUSED|got no answer/),
  )
  expect(registry.isStale()).toBe(false)
  await server.revive()
  await user.apply('Service', 'second', { url: 'http://second.example' })
  await isReady('second', 40_000)
  expect(registry.items().get(`${user.namespace}/first`)).toEqual(before.get(`${user.namespace}/first`))
})

it('lists again when the API server has forgotten the versions it knew', async () => {
  for (let i = 0; i < 20; i++) await user.apply('Service', 'churn', { url: 'http://churn.example', version: String(i) })
  await server.crash()
  await server.compact()
  await server.revive()
  await user.remove('Service', 'churn')
  await user.apply('Service', 'third', { url: 'http://third.example' })
  await isReady('third', 40_000)
  await eventually(() => expect(registry.items().has(`${user.namespace}/churn`)).toBe(false))
  expect(
    [...(await guest.metrics())].filter(([series, value]) => series.includes('end="gone"') && value > 0),
  ).not.toEqual([])
})

/** The newest log line with this sentence, as its error reads. */
function logged(sentence: string): string {
  return String(guest.log().findLast(({ msg }) => msg === sentence)?.error)
}
