import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ServiceObject } from '#controller/api/objects.ts'
import { ENDPOINT_SLICES, pathTo } from '#lib/kube/paths.ts'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { type ControllerProcess, controllerProcess } from '#test/kit/controllers.ts'
import { eventually } from '#test/kit/eventually.ts'
import { kubectl } from '#test/kit/kubectl.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { type User, userOf } from '#test/kit/kubernetes/user.ts'
import { startReplica, type TestReplica } from '#test/kit/replica.ts'

let server: OwnApiServer
let kube: Kube
let user: User
let controller: ControllerProcess
let registry: TestReplica<'registry'>
let gateway: TestReplica<'gateway'>

// A server of its own: one test loosens a CRD.
beforeAll(async () => {
  server = await startOwnApiServer()
  await installCrds(server.kubeconfigPath)
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  user = userOf(kube, await freshNamespace(kube))
  controller = await controllerProcess(server.kubeconfigPath, user.namespace)
  await controller.start()
  registry = await startReplica('registry', () => controller.url)
  gateway = await startReplica('gateway', () => controller.url)
})
afterAll(async () => {
  await registry?.stop()
  await gateway?.stop()
  await controller?.kill('SIGTERM')
  await kube?.close()
  await server?.stop()
})

const exposed = (name: string) => ({ url: `http://${name}.example`, expose: { paths: [{ value: `/${name}` }] } })
const limitsOf = (name: string) =>
  gateway
    .items()
    .get(`${user.namespace}/${name}`)
    ?.limits.map(({ limit, periodMs }) => `${limit}/${periodMs}ms`)
const isReady = (name: string) =>
  eventually(async () => expect(await user.conditions('Service', name)).toContain('Ready=True/Ready'), {
    timeoutMs: 10_000,
  })

it('follows an annotation; one that cannot be read leaves the last good limit in force, and says so', async () => {
  const annotate = (text: string) =>
    user.apply('Service', 'limited', exposed('limited'), { 'soaplane.dev/rate-limit': text })
  await annotate('5/10s')
  await isReady('limited')
  expect(limitsOf('limited')).toEqual(['5/10000ms'])
  const id = gateway.items().get(`${user.namespace}/limited`)?.limits[0]?.id

  await annotate('five per ten')
  await eventually(async () =>
    expect(await user.conditions('Service', 'limited')).toEqual([
      'Accepted=False/InvalidAnnotation',
      'Programmed=True/Programmed',
      'Ready=False/InvalidAnnotation',
    ]),
  )
  const object = (await user.get('Service', 'limited')) as ServiceObject
  expect(object.status?.conditions?.[0]?.message).toBe(
    'Annotation soaplane.dev/rate-limit: "five per ten": must look like 5/10s: a count, a slash, a duration; the last good value 5/10s stays in force',
  )
  expect(object.status?.lastGood).toEqual({ rateLimit: '5/10s' })
  expect(limitsOf('limited')).toEqual(['5/10000ms'])
  await eventually(async () =>
    expect(await user.events('limited')).toEqual(['Normal Ready x1', 'Warning InvalidAnnotation x1']),
  )

  await annotate('2/10s')
  await isReady('limited')
  await eventually(() => expect(limitsOf('limited')).toEqual(['2/10000ms']))
  // The counters' identity outlives the values.
  expect(gateway.items().get(`${user.namespace}/limited`)?.limits[0]?.id).toBe(id)
})

it('remembers the last good annotation over a restart', async () => {
  await user.apply('Service', 'remembered', exposed('remembered'), { 'soaplane.dev/rate-limit': '7/1m' })
  await isReady('remembered')
  await user.apply('Service', 'remembered', exposed('remembered'), { 'soaplane.dev/rate-limit': '7' })
  await eventually(async () =>
    expect(await user.conditions('Service', 'remembered')).toContain('Accepted=False/InvalidAnnotation'),
  )
  const before = gateway.items().get(`${user.namespace}/remembered`)
  await controller.kill('SIGTERM')
  await controller.start()
  await eventually(async () => expect(await controller.leads()).toBe(true), { timeoutMs: 20_000 })
  await user.apply('Service', 'later', exposed('later'))
  await isReady('later')
  expect(gateway.items().get(`${user.namespace}/remembered`)).toEqual(before)
  expect(limitsOf('remembered')).toEqual(['7/60000ms'])
})

it('tells each transition once, and nothing while nothing turns', async () => {
  await user.apply('Service', 'told', exposed('told'))
  await isReady('told')
  for (let i = 0; i < 5; i++) await user.apply('Service', 'told', { ...exposed('told'), version: `1.${i}` })
  await eventually(async () => expect((await user.get('Service', 'told'))?.status?.observedGeneration).toBe(6))
  await isReady('told')
  gateway.refuse('no room')
  await user.apply('Service', 'told', { ...exposed('told'), expose: { paths: [{ value: '/other' }] } })
  await eventually(async () => expect(await user.conditions('Service', 'told')).toContain('Programmed=False/Refused'), {
    timeoutMs: 10_000,
  })
  gateway.refuse(undefined)
  // The cause is gone: it is ready again without anyone touching anything.
  await isReady('told')
  await eventually(async () => expect(await user.events('told')).toEqual(['Normal Ready x2', 'Warning Refused x1']))
})

it('comes through when the object changes faster than its status is written', async () => {
  for (let i = 1; i <= 60; i++) {
    await user.apply('Service', 'busy', { url: 'http://busy.example', version: String(i) }, { 'test/nth': String(i) })
  }
  await eventually(async () => {
    const { metadata, status } = (await user.get('Service', 'busy')) as ServiceObject
    expect([status?.observedGeneration, metadata.generation]).toEqual([60, 60])
  })
  await isReady('busy')
  const { spec, metadata } = (await user.get('Service', 'busy')) as ServiceObject
  expect([spec.version, metadata.annotations?.['test/nth']]).toEqual(['60', '60'])
  expect(registry.items().get(`${user.namespace}/busy`)?.version).toBe('60')
})

it('lets a broken object affect only itself', async () => {
  await user.apply('Service', 'sound', exposed('sound'))
  await isReady('sound')
  const before = await user.get('Service', 'sound')
  await user.apply('Service', 'metadata-thief', { url: 'http://169.254.169.254/latest' })
  // Younger, or of the same second and later by name.
  await user.apply('Service', 'thief', { url: 'http://thief.example', name: 'sound' })
  await loosened('services', () => user.apply('Service', 'shapeless', { expose: { paths: 'all' } }))
  await loosened('policies', () => user.apply('Policy', 'shapeless', { targetRefs: 'everything' }))
  const accepted = async (kind: 'Service' | 'Policy', name: string) => (await user.conditions(kind, name))[0]
  await eventually(async () =>
    expect([
      await accepted('Service', 'metadata-thief'),
      await accepted('Service', 'thief'),
      await accepted('Service', 'shapeless'),
      await accepted('Policy', 'shapeless'),
    ]).toEqual([
      'Accepted=False/ForbiddenAddress',
      'Accepted=False/NameConflict',
      'Accepted=False/Malformed',
      'Accepted=False/Malformed',
    ]),
  )
  await user.apply('Service', 'next', exposed('next'))
  await isReady('next')
  expect(await user.get('Service', 'sound')).toEqual(before)
})

it('takes addresses from EndpointSlices, and follows them', async () => {
  const slice = (...addresses: string[]) => ({
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  })
  const addresses = () =>
    registry
      .items()
      .get(`${user.namespace}/web`)
      ?.endpoints.map(({ url }) => url)
  await user.apply('Service', 'web', { kubernetesService: { name: 'web', port: 'http' } })
  await eventually(() => expect(addresses()).toEqual([]))
  const made = await kube.create(pathTo(ENDPOINT_SLICES, user.namespace), slice('10.1.2.3'))
  await eventually(() => expect(addresses()).toEqual(['http://10.1.2.3:8080']))
  await kube.replace(pathTo(ENDPOINT_SLICES, user.namespace, 'web-1'), {
    ...slice('10.1.2.3', '10.1.2.4'),
    metadata: { ...made.metadata, ...slice().metadata },
  })
  await eventually(() => expect(addresses()).toEqual(['http://10.1.2.3:8080', 'http://10.1.2.4:8080']))
  await eventually(async () => expect(((await user.get('Service', 'web')) as ServiceObject).status?.endpoints).toBe(2))
})

it('withdraws what is deleted, from every slice and from the metrics', async () => {
  await user.apply('Service', 'short-lived', exposed('short-lived'))
  await isReady('short-lived')
  const series = async () => [...(await controller.metrics()).keys()].filter((each) => each.includes('"short-lived"'))
  await eventually(async () => expect((await series()).length).toBeGreaterThan(0))
  await user.remove('Service', 'short-lived')
  const key = `${user.namespace}/short-lived`
  await eventually(() => expect([registry.items().has(key), gateway.items().has(key)]).toEqual([false, false]))
  await eventually(async () => expect(await series()).toEqual([]))
})

/** Runs `work` while the CRD takes anything, as an older one may have. */
async function loosened(plural: string, work: () => Promise<void>): Promise<void> {
  const loose = {
    type: 'object',
    properties: {
      spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  }
  const patch = [{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema', value: loose }]
  const args = ['patch', 'crd', `${plural}.soaplane.dev`, '--type=json', `--patch=${JSON.stringify(patch)}`]
  await kubectl(args, { kubeconfig: server.kubeconfigPath })
  // The new schema is in force a moment after it is stored.
  await eventually(work, { timeoutMs: 10_000, everyMs: 100 })
  await installCrds(server.kubeconfigPath)
}
