import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MessageRouteObject } from '#controller/api/objects.ts'
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
let bus: TestReplica<'esb'>

beforeAll(async () => {
  server = await startOwnApiServer()
  await installCrds(server.kubeconfigPath)
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  user = userOf(kube, await freshNamespace(kube))
  controller = await controllerProcess(server.kubeconfigPath, user.namespace)
  await controller.start()
  bus = await startReplica('esb', () => controller.url)
})
afterAll(async () => {
  await bus?.stop()
  await controller?.kill('SIGTERM')
  await kube?.close()
  await server?.stop()
})

const to = [{ queue: { name: 'q' } }]
const apply = (name: string, spec: object) => user.apply('MessageRoute', name, { from: { keys: [name] }, to, ...spec })
const conditions = (name: string) => user.conditions('MessageRoute', name)
const isReady = (name: string) =>
  eventually(async () => expect(await conditions(name)).toContain('Ready=True/Ready'), { timeoutMs: 20_000 })
const generationAtWork = (name: string) => bus.items().get(`${user.namespace}/${name}`)?.generation
const asked = (...args: readonly string[]) =>
  kubectl(['--namespace', user.namespace, ...args], { kubeconfig: server.kubeconfigPath })

it('a route that is applied runs on the bus, and kubectl shows where', async () => {
  await apply('orders', { from: { keys: ['orders', 'returns'], http: {} } })
  await isReady('orders')
  expect(generationAtWork('orders')).toBe(1)
  const [head, row] = (await asked('get', 'soamr', 'orders', '--output', 'wide')).trim().split('\n')
  expect(head?.split(/\s+/)).toEqual(['NAME', 'READY', 'REASON', 'KEYS', 'URL', 'QUEUE', 'AGE'])
  expect(row?.split(/\s+/).slice(0, -1)).toEqual([
    'orders',
    'True',
    'Ready',
    '["orders","returns"]',
    `/messages/orders?namespace=${user.namespace}`,
    `soa.route.${user.namespace}.orders`,
  ])
})

it('kubectl says at the door what is wrong with a route, and where', async () => {
  const manifest = (spec: object) =>
    JSON.stringify({
      apiVersion: 'soaplane.dev/v1alpha1',
      kind: 'MessageRoute',
      metadata: { name: 'wrong', namespace: user.namespace },
      spec: { from: { keys: ['wrong'] }, to, ...spec },
    })
  const applied = (spec: object) =>
    kubectl(['apply', '--filename', '-'], { kubeconfig: server.kubeconfigPath, input: manifest(spec) })
  await expect(applied({ to: [{ exchange: { key: 'wrong' } }] })).rejects.toThrow(
    /spec\.to: Invalid value: .*a route must not send messages to the exchange and key that it takes them from/,
  )
  await expect(applied({ steps: [{ filter: '{% a %}', split: { items: '{% b %}' } }] })).rejects.toThrow(
    /spec\.steps\[0\]: Invalid value: .*exactly one of filter, .* or dedupe must be set/,
  )
})

it('a refused change keeps the last good spec at work, over a restart of the controller', async () => {
  await apply('lasting', { steps: [{ filter: '{% total > 0 %}' }] })
  await isReady('lasting')
  await apply('lasting', { steps: [{ filter: '{% total > %}' }] })
  await eventually(async () =>
    expect(await conditions('lasting')).toEqual([
      'Accepted=False/InvalidExpression',
      'Programmed=True/Programmed',
      'Ready=False/InvalidExpression',
    ]),
  )
  const { status } = (await user.get('MessageRoute', 'lasting')) as MessageRouteObject
  expect(status?.conditions?.[0]?.message).toMatch(/^spec\.steps\[0\]\.filter: .*; generation 1 keeps running$/)
  expect(status?.lastGood).toMatchObject({ generation: 1, spec: { steps: [{ filter: '{% total > 0 %}' }] } })
  const before = bus.items().get(`${user.namespace}/lasting`)

  await controller.kill('SIGTERM')
  await controller.start()
  await eventually(async () => expect(await controller.leads()).toBe(true), { timeoutMs: 20_000 })
  await apply('later', {})
  await isReady('later')
  expect(bus.items().get(`${user.namespace}/lasting`)).toEqual(before)

  await apply('lasting', { steps: [{ filter: '{% total > 1 %}' }] })
  await isReady('lasting')
  expect(generationAtWork('lasting')).toBe(3)
  expect((await user.get('MessageRoute', 'lasting'))?.status).not.toHaveProperty('lastGood')
})

it('a dead end is told, and is none once the other route comes', async () => {
  await apply('leads-nowhere', { to: [{ route: { name: 'nowhere' } }] })
  await eventually(async () => expect(await conditions('leads-nowhere')).toContain('Accepted=False/DeadEnd'))
  expect(generationAtWork('leads-nowhere')).toBeUndefined()
  await apply('nowhere', { from: { internal: {} } })
  await isReady('leads-nowhere')
  expect(generationAtWork('leads-nowhere')).toBe(1)
  await eventually(async () =>
    expect(await user.events('leads-nowhere')).toEqual(['Normal Ready x1', 'Warning DeadEnd x1']),
  )
})

it('a Service that is missing is a warning, told once, and good news when it comes', async () => {
  await apply('calls', { to: [{ service: { name: 'Billing' } }] })
  await isReady('calls')
  expect(await conditions('calls')).toContain('ResolvedRefs=False/ServiceNotFound')
  await eventually(async () =>
    expect(await user.events('calls')).toEqual(['Normal Ready x1', 'Warning ServiceNotFound x1']),
  )
  await user.apply('Service', 'billing', { name: 'Billing', url: 'http://billing.example' })
  await eventually(async () => expect(await conditions('calls')).not.toContain('ResolvedRefs=False/ServiceNotFound'))
})
