import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ServiceObject } from '#controller/api/objects.ts'
import { ENDPOINT_SLICES, pathTo } from '#lib/kube/paths.ts'
import { createKube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type ApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { eventually } from '#test/kit/eventually.ts'
import { kubeSource, type SourceBed } from '#test/kit/kube-source.ts'
import { kubectl } from '#test/kit/kubectl.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { serviceIn } from '#test/kit/kubernetes/objects.ts'

let server: ApiServer
let bed: SourceBed
let namespace: string

// A server of its own: the first promise is about one without the CRDs.
beforeAll(async () => {
  server = await startOwnApiServer()
  const kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  namespace = await freshNamespace(kube)
  await kube.close()
  bed = await kubeSource(server.kubeconfigPath, namespace)
})
afterAll(async () => {
  await bed?.stop()
  await server?.stop()
})

const inWorld = (name: string) => bed.source.world().services.get(`${namespace}/${name}`)
const held = (name: string): ServiceObject | undefined => {
  const object = inWorld(name)
  return object && (bed.source.stored(object) as ServiceObject | undefined)
}
const run = (...args: string[]) => kubectl(['--namespace', namespace, ...args], { kubeconfig: server.kubeconfigPath })

it('says which CRD to install, and begins by itself once that is done', async () => {
  await bed.start()
  expect(bed.source.synced()).toBe(false)
  expect(bed.source.parts.map((part) => part.unready?.())).toEqual([
    'services.soaplane.dev is not installed: apply k8s/crds/services.yaml (the chart installs it)',
    'policies.soaplane.dev is not installed: apply k8s/crds/policies.yaml (the chart installs it)',
    'messageroutes.soaplane.dev is not installed: apply k8s/crds/messageroutes.yaml (the chart installs it)',
    undefined,
    undefined,
  ])
  await installCrds(server.kubeconfigPath)
  await eventually(() => bed.source.synced(), { timeoutMs: 20_000 })
  expect(bed.source.parts.map((part) => part.unready?.())).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

it('creates, changes and deletes a Service through upsert', async () => {
  await bed.source.upsertService(namespace, 'orders', (current) => current ?? serviceIn(namespace, 'orders'))
  await eventually(() => held('orders') !== undefined)
  const first = held('orders')
  await bed.source.upsertService(namespace, 'orders', (current) => current)
  await bed.source.upsertService(namespace, 'orders', (current) => ({
    ...(current as ServiceObject),
    spec: { url: 'http://second.example' },
  }))
  await eventually(() => (held('orders')?.spec as { url?: string } | undefined)?.url === 'http://second.example')
  expect(held('orders')?.metadata.generation).toBe((first?.metadata.generation ?? 0) + 1)
  await bed.source.upsertService(namespace, 'orders', () => undefined)
  await eventually(() => held('orders') === undefined)
  await bed.source.upsertService(namespace, 'orders', () => undefined)
})

it('loses none of 20 edits made at once', async () => {
  const edit = (i: number) => (current: ServiceObject | undefined) => {
    const base = current ?? serviceIn(namespace, 'busy')
    const annotations = { ...base.metadata.annotations, [`test/e${i}`]: 'made' }
    return { ...base, metadata: { ...base.metadata, annotations } }
  }
  await Promise.all(Array.from({ length: 20 }, (_, i) => bed.source.upsertService(namespace, 'busy', edit(i))))
  const stored = await bed.kube.get<ServiceObject>(
    pathTo({ group: 'soaplane.dev', version: 'v1alpha1', plural: 'services' }, namespace, 'busy'),
  )
  expect(Object.keys(stored?.metadata.annotations ?? {}).length).toBe(20)
})

it('keeps what kubectl wrote beside the spec when it edits', async () => {
  await kubectl(['apply', '--filename', '-'], {
    kubeconfig: server.kubeconfigPath,
    input: JSON.stringify(serviceIn(namespace, 'applied')),
  })
  await bed.source.upsertService(namespace, 'applied', (current) => ({
    ...(current as ServiceObject),
    spec: { url: 'http://edited.example' },
  }))
  expect(await run('get', 'services.soaplane.dev', 'applied', '--output', 'yaml')).toContain(
    'last-applied-configuration',
  )
})

it('writes a status only while the object is the one that was read', async () => {
  const first = await eventually(() => held('busy') ?? false)
  const asked = inWorld('busy')
  const status = { observedGeneration: first.metadata.generation, endpoints: 1 }
  expect(await bed.source.writeStatus(first, status)).toBe(true)
  const second = await eventually(() =>
    held('busy')?.status?.endpoints === 1 ? (held('busy') as ServiceObject) : false,
  )
  expect(second.spec).toEqual(first.spec)
  expect(second.metadata.generation).toBe(first.metadata.generation)
  // What is asked for is the same: nothing needs to be translated again.
  expect(inWorld('busy')).toBe(asked)
  expect(await bed.source.writeStatus(first, { ...status, endpoints: 2 })).toBe(false)
  expect(await bed.source.writeStatus({ ...second, metadata: { ...second.metadata, name: 'gone' } }, status)).toBe(
    false,
  )
})

it('tells transitions as Events, one Event with a count for the same one told again', async () => {
  const object = await eventually(() => held('busy') ?? false)
  const event = { type: 'Warning', reason: 'InvalidAnnotation', message: 'rate-limit "x" is not understood' } as const
  for (let i = 0; i < 3; i++) await bed.source.recordEvent(object, event)
  await bed.source.recordEvent(object, { type: 'Normal', reason: 'Ready', message: 'All is well' })
  const { items } = JSON.parse(await run('get', 'events', '--output', 'json')) as { items: Record<string, unknown>[] }
  expect(
    items
      .map(({ type, reason, message, count, reportingComponent }) => ({
        type,
        reason,
        message,
        count,
        reportingComponent,
      }))
      .sort((a, b) => String(b.reason).localeCompare(String(a.reason))),
  ).toEqual([
    { type: 'Normal', reason: 'Ready', message: 'All is well', count: 1, reportingComponent: 'soaplane-controller' },
    { ...event, count: 3, reportingComponent: 'soaplane-controller' },
  ])
  expect(await run('describe', 'services.soaplane.dev', 'busy')).toMatch(
    /Warning\s+InvalidAnnotation\s+.*x3 over.*soaplane-controller/,
  )
})

it('never fails for an Event that cannot be written', async () => {
  const object = await eventually(() => held('busy') ?? false)
  const elsewhere = { ...object, metadata: { ...object.metadata, namespace: 'no-such-namespace' } }
  await bed.source.recordEvent(elsewhere, { type: 'Normal', reason: 'Ready', message: 'nobody hears' })
  expect(await bed.metrics.text()).toContain('soa_controller_events_total{result="error"} 1')
})

it('has the EndpointSlices of core Services, both address families, and no others', async () => {
  const slice = (name: string, addressType: string, address: string, labels: Record<string, string>) =>
    bed.kube.create(pathTo(ENDPOINT_SLICES, namespace), {
      metadata: { name, labels },
      addressType,
      endpoints: [{ addresses: [address], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'p' } }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    })
  await slice('web-4', 'IPv4', '10.1.2.3', { 'kubernetes.io/service-name': 'web' })
  await slice('web-6', 'IPv6', 'fd00::1', { 'kubernetes.io/service-name': 'web' })
  await slice('stray', 'IPv4', '10.9.9.9', {})
  const slices = await eventually(() => {
    const { endpointSlices } = bed.source.world()
    return endpointSlices.size >= 2 && endpointSlices
  })
  expect([...slices.keys()].sort()).toEqual([`${namespace}/web-4`, `${namespace}/web-6`])
  expect(slices.get(`${namespace}/web-6`)).toMatchObject({
    metadata: { labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv6',
    endpoints: [{ addresses: ['fd00::1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'p' } }],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  })
})
