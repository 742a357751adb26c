import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { type ControllerProcess, controllerProcess } from '#test/kit/controllers.ts'
import { eventually } from '#test/kit/eventually.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { requestsOf } from '#test/kit/kubernetes/requests.ts'
import { type User, userOf } from '#test/kit/kubernetes/user.ts'
import { startReplica, type TestReplica } from '#test/kit/replica.ts'

let server: OwnApiServer
let kube: Kube
let user: User
let controller: ControllerProcess
let registry: TestReplica<'registry'>
let gateways: readonly TestReplica<'gateway'>[]

const exposed = (name: string) => ({ url: `http://${name}.example`, expose: { paths: [{ value: `/${name}` }] } })
const limited = (kind: string, name: string) => ({
  targetRefs: [{ ...(kind === 'Namespace' && { group: '' }), kind, name }],
  rateLimits: [{ name: 'r', limit: 5, period: '10s' }],
})

// A server of its own: its request counts are the proof.
beforeAll(async () => {
  server = await startOwnApiServer()
  await installCrds(server.kubeconfigPath)
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  user = userOf(kube, await freshNamespace(kube))
  // Longer than replicas wait between two dials: a restart must not look like their absence.
  controller = await controllerProcess(server.kubeconfigPath, user.namespace, { 'settle-ms': '6000' })
  await controller.start()
  registry = await startReplica('registry', () => controller.url)
  gateways = [await startReplica('gateway', () => controller.url), await startReplica('gateway', () => controller.url)]
  await everyKindOfStatus()
})
afterAll(async () => {
  for (const each of [registry, ...(gateways ?? [])]) await each?.stop()
  await controller?.kill('SIGTERM')
  await kube?.close()
  await server?.stop()
})

/** Objects whose statuses differ in all that a status can hold. */
async function everyKindOfStatus(): Promise<void> {
  await user.apply('Service', 'plain', { url: 'http://plain.example' })
  await user.apply('Service', 'exposed', exposed('exposed'))
  await user.apply('Service', 'annotated', exposed('annotated'), { 'soaplane.dev/rate-limit': '5/10s' })
  // Of one second, so that names decide which is older.
  await user.apply('Service', 'plain-again', { url: 'http://clash.example', name: 'plain' })
  await user.apply('Service', 'shadowed', exposed('exposed'))
  await user.apply('Service', 'forbidden', { url: 'http://169.254.169.254' })
  await user.apply('Policy', 'all', limited('Namespace', user.namespace))
  await user.apply('Policy', 'on-service', limited('Service', 'annotated'))
  await user.apply('Policy', 'missing', limited('Service', 'nowhere'))
  const ready = async (kind: 'Service' | 'Policy', name: string) =>
    (await user.conditions(kind, name)).find((each) => each.startsWith('Ready'))
  await eventually(
    async () =>
      expect({
        plain: await ready('Service', 'plain'),
        plainAgain: await ready('Service', 'plain-again'),
        forbidden: await ready('Service', 'forbidden'),
        annotated: await user.conditions('Service', 'annotated'),
        shadowed: await user.conditions('Service', 'shadowed'),
        all: await ready('Policy', 'all'),
        onService: await ready('Policy', 'on-service'),
        missing: await ready('Policy', 'missing'),
      }).toEqual({
        plain: 'Ready=True/Ready',
        plainAgain: 'Ready=False/NameConflict',
        forbidden: 'Ready=False/ForbiddenAddress',
        annotated: [
          'Accepted=True/Accepted',
          'Overridden=True/PolicyApplies',
          'Programmed=True/Programmed',
          'Ready=True/Ready',
        ],
        shadowed: [
          'Accepted=True/Accepted',
          'Shadowed=True/IdenticalRoute',
          'Programmed=True/Programmed',
          'Ready=True/Ready',
        ],
        all: 'Ready=True/Ready',
        onService: 'Ready=True/Ready',
        missing: 'Ready=False/TargetNotFound',
      }),
    { timeoutMs: 30_000 },
  )
}

it('keeps serving the last copy while there is no controller', async () => {
  const before = gateways[0]?.items()
  await controller.kill('SIGTERM')
  await eventually(() => registry.isStale() && gateways.every((each) => each.isStale()))
  expect(gateways[0]?.items()).toBe(before)
  await controller.start()
  await eventually(() => !registry.isStale() && gateways.every((each) => !each.isStale()), { timeoutMs: 10_000 })
  expect(gateways[0]?.items()).toBe(before)
})

it.each(['SIGTERM', 'SIGKILL'] as const)('writes nothing after a restart by %s', async (signal) => {
  const everything = async () => [...(await user.list('Service')), ...(await user.list('Policy'))]
  const writes = () => requestsOf(server.kubeconfigPath, { verbs: ['PUT', 'PATCH', 'POST', 'DELETE'] })
  const events = async () => (await kube.list(`/api/v1/namespaces/${user.namespace}/events`, {})).items
  const before = await everything()
  const toldBefore = await events()
  const writesBefore = await writes()

  await controller.kill(signal)
  await controller.start()
  await eventually(async () => expect(await controller.leads()).toBe(true), { timeoutMs: 30_000 })
  // A replica that is late for one new object shows that the time in which replicas may be late is over, for all objects.
  registry.hold()
  const marker = `marker-${signal.toLowerCase()}`
  await user.apply('Service', marker, { url: 'http://marker.example' })
  await eventually(
    async () => expect(await user.conditions('Service', marker)).toContain('Programmed=False/PartiallyProgrammed'),
    { timeoutMs: 30_000 },
  )
  registry.release()
  await eventually(async () => expect(await user.conditions('Service', marker)).toContain('Ready=True/Ready'))

  expect((await everything()).filter(({ metadata }) => metadata.name !== marker)).toEqual(before)
  const ownEvents = (await events()).filter(({ metadata }) => !metadata.name.startsWith(marker))
  expect(ownEvents).toEqual(toldBefore)
  // What the API server counted since is the marker's: its creation, and the statuses that the controller counts.
  const series = await controller.metrics()
  const toMarker = series.get('soa_controller_status_writes_total{kind="Service",result="success"}')
  expect((await writes()) - writesBefore).toBe(1 + (toMarker ?? Number.NaN))
  expect([...series.keys()].filter((each) => each.startsWith('soa_controller_status_writes_total'))).toEqual([
    'soa_controller_status_writes_total{kind="Service",result="success"}',
  ])
})

it('begins anew when it lost its lead for a while, and writes nothing then either', async () => {
  const before = [...(await user.list('Service')), ...(await user.list('Policy'))]
  await server.crash()
  // Ten seconds without a renewal: it must not think that it still leads.
  await eventually(async () => expect(await controller.leads()).toBe(false), { timeoutMs: 20_000 })
  await server.revive()
  await eventually(async () => expect(await controller.leads()).toBe(true), { timeoutMs: 30_000 })
  await user.apply('Service', 'after', { url: 'http://after.example' })
  await eventually(async () => expect(await user.conditions('Service', 'after')).toContain('Ready=True/Ready'), {
    timeoutMs: 30_000,
  })
  const after = [...(await user.list('Service')), ...(await user.list('Policy'))]
  expect(after.filter(({ metadata }) => metadata.name !== 'after')).toEqual(before)
})
