import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { type Backend, startBackend } from '#test/kit/backend.ts'
import { eventually } from '#test/kit/eventually.ts'
import { kubectl } from '#test/kit/kubectl.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { requestsOf } from '#test/kit/kubernetes/requests.ts'
import { type User, userOf } from '#test/kit/kubernetes/user.ts'
import { type Load, startLoad } from '#test/kit/load.ts'
import { type Processes, startProcesses } from '#test/kit/processes.ts'

let server: OwnApiServer
let kube: Kube
let user: User
let backend: Backend
let platform: Processes
let steady: Load

// A server of its own: its request counts are part of the proof.
beforeAll(async () => {
  server = await startOwnApiServer()
  await installCrds(server.kubeconfigPath)
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  user = userOf(kube, await freshNamespace(kube))
  backend = await startBackend('hello')
  platform = await startProcesses(server.kubeconfigPath, user.namespace, {
    gateways: 2,
    // Exact while owners answer in time: a machine that is short of processors must not make them late.
    gatewayFlags: { 'limit-peer-timeout-ms': '5000' },
  })
  await apply('steady')
  await isReady('steady')
  steady = startLoad(
    platform.gateways.map(({ data }) => `${data}/steady`),
    { lanes: 2 },
  )
})
afterAll(async () => {
  await steady?.stop()
  await platform?.stop()
  await backend?.stop()
  await kube?.close()
  await server?.stop()
})

function apply(name: string, annotations: Record<string, string> = {}): Promise<string> {
  const manifest = {
    apiVersion: 'soaplane.dev/v1alpha1',
    kind: 'Service',
    metadata: { name, namespace: user.namespace, annotations },
    spec: { url: backend.url, expose: { paths: [{ value: `/${name}` }] } },
  }
  return kubectl(['apply', '--filename', '-'], { kubeconfig: server.kubeconfigPath, input: JSON.stringify(manifest) })
}

const isReady = (name: string) =>
  eventually(async () => expect(await user.conditions('Service', name)).toContain('Ready=True/Ready'), {
    timeoutMs: 20_000,
  })
const policiesOf = async (name: string) => {
  const status = (await user.get('Service', name))?.status
  return status !== undefined && 'policies' in status ? status.policies : undefined
}
const discover = (name: string) => fetch(`${platform.registry.url}/discover/${name}?namespace=${user.namespace}`)
const call = async (gateway: number, path: string) => {
  const sentAt = performance.now()
  const response = await fetch(`${platform.gateways[gateway]?.data}${path}`)
  return { sentAt, gotAt: performance.now(), status: response.status, body: await response.text() }
}

const admitted: { readonly sentAt: number; readonly gotAt: number }[] = []

it('an applied Service with a limit is Ready for kubectl, discovered by the registry, enforced by the gateways', async () => {
  await apply('limited', { 'soaplane.dev/rate-limit': '5/10s' })
  await isReady('limited')
  const row = await kubectl(['--namespace', user.namespace, 'get', 'soasvc', 'limited', '--no-headers'], {
    kubeconfig: server.kubeconfigPath,
  })
  expect(row.trim().split(/\s+/).slice(0, 4)).toEqual(['limited', 'True', 'Ready', backend.url])
  expect(await (await discover('limited')).json()).toEqual({ service_url: backend.url })
  for (let i = 0; i < 5; i++) {
    const answer = await call(i % 2, '/limited')
    expect(answer).toMatchObject({ status: 200, body: 'hello' })
    admitted.push(answer)
  }
  for (const gateway of [0, 1])
    expect(await call(gateway, '/limited')).toMatchObject({
      status: 429,
      body: 'Rate limit exceeded. Please try again later.',
    })
})

it('a limit that changes under load is enforced without a failed request, and its counters do not begin anew', async () => {
  const statuses = new Set<number>()
  let isOver = false
  const lanes = [0, 1].map(async (gateway) => {
    while (!isOver) {
      const answer = await call(gateway, '/limited')
      statuses.add(answer.status)
      if (answer.status === 200) admitted.push(answer)
    }
  })
  await apply('limited', { 'soaplane.dev/rate-limit': '2/10s' })
  await eventually(async () => expect(await policiesOf('limited')).toEqual(['annotation 2/10s']))
  await isReady('limited')
  await eventually(() => admitted.length >= 7, { timeoutMs: 30_000, everyMs: 100 })
  isOver = true
  await Promise.all(lanes)
  expect([...statuses].sort()).toEqual([200, 429])
  // One more is admitted only when less than two of the last ten seconds are left: the fourth of the first five has to
  // grow old first, then the fifth. Counters that had begun anew would have admitted at once.
  const [, , , fourth, fifth, sixth, seventh] = admitted.toSorted((a, b) => a.gotAt - b.gotAt)
  expect((sixth?.gotAt ?? 0) - (fourth?.sentAt ?? 0)).toBeGreaterThanOrEqual(10_000)
  expect((seventh?.gotAt ?? 0) - (fifth?.sentAt ?? 0)).toBeGreaterThanOrEqual(10_000)
})

it('a deleted Service is gone everywhere', async () => {
  await kubectl(['--namespace', user.namespace, 'delete', 'soasvc', 'limited'], { kubeconfig: server.kubeconfigPath })
  await eventually(async () => {
    expect([(await call(0, '/limited')).status, (await call(1, '/limited')).status]).toEqual([404, 404])
    expect((await discover('limited')).status).toBe(404)
  })
  const objects = await (await fetch(`${platform.controller.url}/objects`)).json()
  expect(objects).toMatchObject({ items: [{ name: 'steady' }] })
  for (const { url } of platform.gateways)
    expect(await (await fetch(`${url}/routes`)).json()).toMatchObject({
      items: [{ service: `${user.namespace}/steady` }],
    })
})

it('without its controller the data plane serves on; with a new one nothing is written', async () => {
  const writes = () => requestsOf(server.kubeconfigPath, { verbs: ['PUT', 'PATCH'], subresource: 'status' })
  const before = { object: await user.get('Service', 'steady'), writes: await writes() }
  await platform.controller.kill('SIGKILL')
  const served = steady.total()
  await eventually(() => steady.total() > served + 100, { timeoutMs: 10_000 })
  expect(await (await discover('steady')).json()).toEqual({ service_url: backend.url })
  await platform.controller.start()
  await eventually(async () => expect(await platform.controller.leads()).toBe(true), { timeoutMs: 30_000 })
  await eventually(async () => {
    const replicas = await platform.controller.replicas()
    expect(replicas.filter(({ ready, acked }) => ready && acked !== undefined).length).toBe(3)
  })
  // A new object becomes ready only after everybody had the time to come back: by then all statuses were looked at.
  await apply('marker')
  await isReady('marker')
  const series = await platform.controller.metrics()
  const ofMarker = series.get('soa_controller_status_writes_total{kind="Service",result="success"}') ?? Number.NaN
  expect(await user.get('Service', 'steady')).toEqual(before.object)
  expect(await writes()).toBe(before.writes + ofMarker)
  expect([...series.keys()].filter((each) => each.startsWith('soa_controller_status_writes_total')).length).toBe(1)
})

it('5/10s over three gateway processes admits exactly five', async () => {
  await platform.addGateway()
  await apply('exact', { 'soaplane.dev/rate-limit': '5/10s' })
  await eventually(
    async () => expect((await user.get('Service', 'exact'))?.status?.replicas).toEqual({ acked: 4, total: 4 }),
    { timeoutMs: 20_000 },
  )
  await isReady('exact')
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => call(i % 3, '/exact')))
  const first = Math.min(...answers.map(({ sentAt }) => sentAt))
  expect(Math.max(...answers.map(({ gotAt }) => gotAt)) - first).toBeLessThan(10_000)
  const count = (status: number) => answers.filter((each) => each.status === status).length
  // Who could not ask the owner of a counter would have had to guess.
  const metrics = await Promise.all(platform.gateways.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
  expect(metrics.join('\n')).not.toMatch(/^soa_gateway_ratelimit_unasked_total\{/m)
  expect({ admitted: count(200), refused: count(429) }).toEqual({ admitted: 5, refused: 55 })
})

it('not one request to a Service that nobody touched failed through all of it', async () => {
  expect(Object.keys(await steady.stop())).toEqual(['200'])
})
