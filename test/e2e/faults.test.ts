import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { connections, textOf, toQueue } from '#test/kit/amqp.ts'
import { killPod } from '#test/kit/cluster/kill.ts'
import { crashApiServer, reviveApiServer } from '#test/kit/cluster/own/handle.ts'
import { installRelease, type Release } from '#test/kit/cluster/release.ts'
import { theCluster } from '#test/kit/cluster/the-cluster.ts'
import { startTraffic, type Traffic } from '#test/kit/cluster/traffic.ts'
import { eventually } from '#test/kit/eventually.ts'

// Every fault comes while requests pass through the gateway; whoever sends them must not notice one.
const cluster = theCluster()
let release: Release
let traffic: Traffic
const connection = connections(() => '')

beforeAll(async () => {
  release = await installRelease({ cluster, values: { examples: { enabled: true, replicas: 2 } } })
  await release.apply(example('example'))
  await isReady('example')
})
afterAll(() => release?.uninstall())

beforeAll(async () => {
  traffic = startTraffic(`${await release.gatewayUrl()}/example`, { expected: HELLO, atMostMs: 20 * 60_000 })
})
afterAll(() => traffic?.stop())

let known = 0
/** What went wrong since the test began. */
const lost = () => traffic.soFar().failures.slice(known)
afterEach(() => {
  known = traffic.soFar().failures.length
})

const HELLO = 'Hello, welcome to the example endpoint!'
/** Long enough for what a fault leaves behind to be met: idle connections, tables, probes. */
const AFTERMATH_MS = 5_000

/** A resource that leads to the pods of the examples. */
const example = (name: string) => ({
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'Service',
  metadata: { name },
  spec: {
    kubernetesService: { name: 'example', port: 'http' },
    health: { path: '/healthz', interval: '5s' },
    expose: { paths: [{ type: 'Exact', value: '/example' }], hostnames: name === 'example' ? [] : [`${name}.example`] },
  },
})

const isReady = (name: string) =>
  release.kubectl('wait', `services.soaplane.dev/${name}`, '--for=condition=Ready', '--timeout=55s')

/** Whole again: every replica is there, and ready. */
async function isWhole(component: string): Promise<void> {
  await release.kubectl('rollout', 'status', `deployment/soaplane-${component}`, '--timeout=55s')
}

const podsOf = async (component: string) =>
  (await release.kubectl('get', 'pods', '-l', `app.kubernetes.io/component=${component}`, '--output', 'name'))
    .split('\n')
    .filter((each) => each !== '')
    .map((each) => each.replace('pod/', ''))

it.each([
  { whose: 'gateway', components: ['gateway'] },
  { whose: 'service behind it', components: ['examples'] },
  { whose: 'control plane', components: ['registry', 'controller'] },
])('loses no request while every pod of the $whose is replaced', async ({ components }) => {
  for (const component of components) {
    const before = await podsOf(component)
    await release.kubectl('rollout', 'restart', `deployment/soaplane-${component}`)
    await isWhole(component)
    // The last of the old ones drain, then end.
    await eventually(async () => (await podsOf(component)).every((pod) => !before.includes(pod)), {
      timeoutMs: 60_000,
      everyMs: 500,
    })
  }
  await traffic.passing(AFTERMATH_MS)
  expect(lost()).toEqual([])
})

it('loses no request when the leading controller is killed, and another leads', async () => {
  const killed = await leader()
  await killPod(cluster, release.namespace, killed.replace(/_.*/, ''))
  await eventually(async () => !['', killed].includes(await leader()), { timeoutMs: 55_000, everyMs: 200 })
  await release.apply(example('after-controller'))
  await isReady('after-controller')
  await isWhole('controller')
  expect(lost()).toEqual([])
})

const leader = () =>
  release.kubectl('get', 'lease', 'soaplane-controller', '--output', 'jsonpath={.spec.holderIdentity}')

it('loses no request when a registry is killed', async () => {
  const [pod] = await podsOf('registry')
  const restarts = await restartsOf(pod)
  await killPod(cluster, release.namespace, pod as string)
  await eventually(async () => (await restartsOf(pod)) !== restarts, { timeoutMs: 55_000, everyMs: 200 })
  await isWhole('registry')
  await traffic.passing(AFTERMATH_MS)
  expect(lost()).toEqual([])
})

it('loses no request and no message when RabbitMQ is killed', async () => {
  const url = await brokerUrl()
  const queue = `durable-${randomUUID()}`
  const before = connection({ url })
  await before.start()
  await before.probe().assertQueue(queue, { durable: true })
  const { exchange, routingKey, content } = toQueue(queue, 'kept')
  before.probe().publish(exchange, routingKey, content, { persistent: true })
  await before.probe().waitForConfirms()
  await before.amqp.stop()
  await eventually(() => isOnDisk(queue), { timeoutMs: 20_000, everyMs: 200 })

  const restarts = await restartsOf('soaplane-rabbitmq-0')
  await killPod(cluster, release.namespace, 'soaplane-rabbitmq-0')
  await eventually(async () => (await restartsOf('soaplane-rabbitmq-0')) !== restarts, {
    timeoutMs: 55_000,
    everyMs: 200,
  })
  await release.kubectl('rollout', 'status', 'statefulset/soaplane-rabbitmq', '--timeout=55s')

  const after = connection({ url })
  await after.start()
  const message = await eventually(async () => await after.probe().get(queue, { noAck: true }), { timeoutMs: 30_000 })
  expect(textOf(message)).toBe('kept')
  await after.probe().deleteQueue(queue)
  for (const component of ['controller', 'registry', 'gateway']) await isWhole(component)
  expect(lost()).toEqual([])
})

/** RabbitMQ 4.0 confirms a new quorum queue about a second before its name is in a file; killed between, it forgets it. */
const isOnDisk = (queue: string) =>
  release.kubectl(
    'exec',
    'soaplane-rabbitmq-0',
    '--',
    'grep',
    '-rqs',
    '--include=names.dets',
    queue,
    '/var/lib/rabbitmq',
  )

/** The broker's URL, as this machine reaches it. */
async function brokerUrl(): Promise<string> {
  const encoded = await release.kubectl('get', 'secret', 'soaplane-rabbitmq', '--output', 'jsonpath={.data.url}')
  const url = new URL(Buffer.from(encoded, 'base64').toString())
  url.host = await release.reach('rabbitmq', 5672)
  return url.href
}

/** Tells a pod before a kill from the one after: replaced, or its container started anew. */
function restartsOf(pod: string | undefined): Promise<string> {
  const path = '{.metadata.uid} {.status.containerStatuses[0].restartCount}'
  return release.kubectl('get', 'pod', String(pod), '--ignore-not-found', '--output', `jsonpath=${path}`)
}

// Only a node of ours lets its API server be taken away.
it.runIf(cluster.source === 'own')(
  'loses no request while the API server is away for a minute, and goes on with it',
  async () => {
    await crashApiServer(cluster.handle)
    try {
      await traffic.passing(60_000)
    } finally {
      await reviveApiServer(cluster.handle)
    }
    await eventually(() => release.apply(example('after-api-server')), { timeoutMs: 55_000, everyMs: 500 })
    await isReady('after-api-server')
    for (const component of ['controller', 'registry', 'gateway']) await isWhole(component)
    expect(lost()).toEqual([])
  },
)
