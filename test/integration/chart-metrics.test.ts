import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { connections, textOf } from '#test/kit/amqp.ts'
import type { ApiServer } from '#test/kit/apiserver.ts'
import { startBackend } from '#test/kit/backend.ts'
import { startBroker, type TestBroker } from '#test/kit/broker.ts'
import { eventually } from '#test/kit/eventually.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { theApiServer } from '#test/kit/kubernetes/given.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { userOf } from '#test/kit/kubernetes/user.ts'
import { alerts, dashboardQueries, isOfBroker } from '#test/kit/monitoring.ts'
import { type Deployable, deployable } from '#test/kit/process.ts'
import { type Processes, startProcesses } from '#test/kit/processes.ts'
import { askedInAll } from '#test/kit/promql.ts'

const connection = connections(() => '')

/** Given by whoever scrapes, not by what is scraped. */
const OF_TARGETS = ['instance']

let server: ApiServer
let kube: Kube
let processes: Processes
let broker: TestBroker
let bus: Deployable
let backend: Awaited<ReturnType<typeof startBackend>>
let exposition: string

beforeAll(async () => {
  server = await theApiServer()
  const kubeconfig = server.kubeconfigPath
  await installCrds(kubeconfig)
  kube = await createKube({ kubeconfig, metrics: createMetrics({ process: false }) })
  const namespace = await freshNamespace(kube)
  backend = await startBackend('hello')
  processes = await startProcesses(kubeconfig, namespace, { gateways: 1 })
  const { controller, registry, gateways } = processes
  broker = await startBroker()
  const urls = { 'controller-url': controller.url, 'registry-url': registry.url, 'amqp-url': broker.url }
  bus = await deployable('services/esb/main.ts', urls)
  await bus.start()
  await use(namespace)
  await useBus(namespace)
  const texts = [controller, registry, bus, ...gateways].map(async ({ url }) => (await fetch(`${url}/metrics`)).text())
  exposition = (await Promise.all(texts)).join('\n')
})
afterAll(async () => {
  await bus?.kill('SIGTERM')
  await processes?.stop()
  await broker?.stop()
  await backend?.stop()
  await kube?.close()
  await server?.stop()
})

/** A little of everything, so that series have their labels. */
async function use(namespace: string): Promise<void> {
  const { controller, registry, gateways } = processes
  const path = `/${namespace}`
  const spec = {
    url: backend.url,
    health: { path: '/', interval: '1s', timeout: '1s' },
    expose: { paths: [{ value: path }] },
  }
  const user = userOf(kube, namespace)
  await user.apply('Service', 'metered', spec, { 'soaplane.dev/rate-limit': '1/10s' })
  await eventually(async () => expect(await user.conditions('Service', 'metered')).toContain('Ready=True/Ready'), {
    timeoutMs: 30_000,
  })
  const statuses = []
  for (let i = 0; i < 2; i++) statuses.push((await fetch(`${gateways[0]?.data}${path}`)).status)
  expect(statuses).toEqual([200, 429])
  expect((await fetch(`${gateways[0]?.data}/nowhere`)).status).toBe(404)
  expect((await fetch(`${registry.url}/discover/metered?namespace=${namespace}`)).status).toBe(200)
  await eventually(async () => expect(await controller.leads()).toBe(true), { timeoutMs: 30_000 })
}

/** Three messages: one passes, one is dropped, one becomes a dead letter. */
async function useBus(namespace: string): Promise<void> {
  const client = connection({ url: broker.url })
  await client.start()
  const channel = client.probe()
  await channel.assertQueue('metered', { durable: true })
  const spec = {
    from: { keys: ['metered'] },
    steps: [{ validate: { schema: { type: 'object' } } }, { filter: '{% keep %}' }],
    to: [{ queue: { name: 'metered' } }],
  }
  const user = userOf(kube, namespace)
  await user.apply('MessageRoute', 'metered', spec)
  await eventually(async () => expect(await user.conditions('MessageRoute', 'metered')).toContain('Ready=True/Ready'), {
    timeoutMs: 30_000,
  })
  for (const body of ['[]', '{"keep":false}', '{"keep":true}']) {
    channel.publish('esb_exchange', 'metered', Buffer.from(body))
  }
  const passed = await eventually(async () => await channel.get('metered', { noAck: true }), { timeoutMs: 20_000 })
  expect(textOf(passed)).toBe('{"keep":true}')
  const letters = `soa.dlq.${namespace}.metered`
  await eventually(async () => expect((await channel.checkQueue(letters)).messageCount).toBe(1), { timeoutMs: 20_000 })
  const told = async () => (await fetch(`${bus.url}/metrics`)).text()
  await eventually(async () =>
    expect(await told()).toContain(`soa_esb_messages_dead_total{route="${namespace}/metered"`),
  )
}

it.each([
  { what: 'the alerts', exprs: alerts().map(({ expr }) => expr) },
  { what: 'the dashboard', exprs: dashboardQueries() },
])('every metric in $what is there, with the labels that are asked of it', ({ exprs }) => {
  const asked = [...askedInAll(exprs)].filter(([name]) => !isOfBroker(name))
  expect(asked.length).toBeGreaterThan(10)
  const missing = asked.flatMap(([name, labels]) => {
    if (!isExposed(name)) return [`${name} is not there`]
    const samples = samplesOf(name)
    return [...labels]
      .filter((label) => !OF_TARGETS.includes(label) && samples.length > 0)
      .filter((label) => !samples.some((sample) => new RegExp(`[{,]${label}="`).test(sample)))
      .map((label) => `${name} has no label ${label}`)
  })
  expect(missing).toEqual([])
})

it('only metrics of what does not happen here have no series to look at', () => {
  const asked = askedInAll([...alerts().map(({ expr }) => expr), ...dashboardQueries()])
  const silent = [...asked.keys()].filter((name) => !isOfBroker(name) && samplesOf(name).length === 0)
  expect(silent.sort()).toEqual([
    'soa_controller_watch_ends_total',
    'soa_esb_messages_retried_total',
    'soa_gateway_ratelimit_overflows_total',
    'soa_gateway_ratelimit_unasked_total',
    'soa_registry_evictions_held',
  ])
})

it('every alert says how bad it is, and what a user would notice', () => {
  for (const { alert, labels, annotations } of alerts()) {
    expect(alert).toMatch(/^Soaplane[A-Z][A-Za-z]+$/)
    expect(['critical', 'warning']).toContain(labels.severity)
    expect(Object.keys(annotations).sort()).toEqual(['description', 'summary'])
  }
})

/** A counter by its name; a histogram by the names of its parts. */
function isExposed(name: string): boolean {
  if (new RegExp(`^# TYPE ${name} `, 'm').test(exposition)) return true
  const base = name.replace(/_(bucket|sum|count)$/, '')
  return new RegExp(`^# TYPE ${base} histogram$`, 'm').test(exposition)
}

function samplesOf(name: string): readonly string[] {
  return exposition.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
}
