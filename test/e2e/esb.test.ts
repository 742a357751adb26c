import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connections, textOf } from '#test/kit/amqp.ts'
import { killPod } from '#test/kit/cluster/kill.ts'
import { startLedger } from '#test/kit/cluster/ledger.ts'
import { installRelease, type Release } from '#test/kit/cluster/release.ts'
import { theCluster } from '#test/kit/cluster/the-cluster.ts'
import { eventually } from '#test/kit/eventually.ts'

// The bus as the chart installs it: messages come in through the gateway, and no confirmed one is lost to a kill.
const SAMPLES = join(import.meta.dirname, '../../k8s/samples')
const PATIENCE = { timeoutMs: 55_000, everyMs: 200 }
const cluster = theCluster()
let release: Release
let gateway: string
const connection = connections(() => '')

beforeAll(async () => {
  release = await installRelease({ cluster, values: { examples: { enabled: true } } })
  await release.kubectl('apply', '--filename', SAMPLES)
  for (const kind of ['soasvc', 'soamr'])
    await release.kubectl('wait', '--for=condition=Ready', kind, '--all', '--timeout=55s')
  gateway = await release.gatewayUrl()
  // The node's port may lead there a moment later.
  await eventually(async () => expect((await post('approvals', { total: 1 })).status).toBe(202), PATIENCE)
})
afterAll(() => release?.uninstall())

const post = (path: string, body: object) =>
  fetch(`${gateway}/messages/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

/** The broker's URL, as this machine reaches it. */
async function brokerUrl(): Promise<string> {
  const encoded = await release.kubectl('get', 'secret', 'soaplane-rabbitmq', '--output', 'jsonpath={.data.url}')
  const url = new URL(Buffer.from(encoded, 'base64').toString())
  url.host = await release.reach('rabbitmq', 5672)
  return url.href
}

async function client() {
  const own = connection({ url: await brokerUrl() })
  await own.start()
  return own.probe()
}

it('takes an order that is posted, and a client that knows nothing of the bus gets it in one line', async () => {
  const channel = await client()
  await channel.assertExchange('esb_exchange', 'direct', { durable: false })
  await channel.assertQueue('service_a_queue', { durable: false })
  await channel.bindQueue('service_a_queue', 'esb_exchange', 'service_a')
  const answer = await post('orders', { id: 'o-1', items: [{ product: 'Laptop', price: 1200, quantity: 2 }] })
  expect([answer.status, await answer.json()]).toEqual([
    202,
    { id: expect.any(String), route: `${release.namespace}/orders` },
  ])
  const came = await eventually(async () => await channel.get('service_a_queue', { noAck: true }), PATIENCE)
  expect(textOf(came)).toBe('Order o-1: 2 Laptop, 2400 in all')
})

it('gives who waits what the services made of the message, or why it is a dead letter', async () => {
  const answer = await post('purchases?wait=20s', { user: 1, total: 1200 })
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { processed_message: 'Purchase of 1200 by Alice processed by Service B' },
  ])
  const refused = await post('orders?wait=20s', { id: 'o-2' })
  expect([refused.status, await refused.json()]).toEqual([422, expect.objectContaining({ reason: 'SchemaViolation' })])
})

it('keeps what nobody takes, and RabbitMQ tells how many there are by queue', async () => {
  const channel = await client()
  // The node sets its policy in its own time.
  await eventually(async () => {
    channel.publish('esb_exchange', 'nobody', Buffer.from('for nobody'))
    expect((await channel.checkQueue('soa.unroutable')).messageCount).toBeGreaterThan(0)
  }, PATIENCE)
  const pod = `/api/v1/namespaces/${release.namespace}/pods/soaplane-rabbitmq-0:15692/proxy`
  await eventually(async () => {
    const metrics = await release.kubectl('get', '--raw', `${pod}/metrics/detailed?family=queue_coarse_metrics`)
    for (const name of ['messages', 'messages_ready', 'messages_unacked'])
      expect(metrics).toMatch(new RegExp(`^rabbitmq_detailed_queue_${name}\\{[^}]*queue="soa.unroutable"`, 'm'))
    expect(metrics).toMatch(/^rabbitmq_detailed_queue_messages\{[^}]*queue="soa\.delay\.0"/m)
  }, PATIENCE)
})

const ledgerRoute = {
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'MessageRoute',
  metadata: { name: 'ledger' },
  spec: {
    from: { http: {} },
    steps: [{ validate: { schema: { required: ['id'] } } }, { transform: { value: '{% { "id": id } %}' } }],
    to: [{ queue: { name: 'ledger' } }],
  },
}

it.each([
  { what: 'replica of the bus', component: 'esb' },
  { what: 'RabbitMQ', component: 'rabbitmq' },
])('loses no confirmed message when a $what is killed twice under traffic', async ({ component }) => {
  const channel = await client()
  await channel.assertQueue('ledger', { durable: true, arguments: { 'x-queue-type': 'quorum' } })
  await release.apply(ledgerRoute)
  await release.kubectl('wait', 'soamr/ledger', '--for=condition=Ready', '--timeout=55s')
  for (const queue of ['ledger', `soa.route.${release.namespace}.ledger`])
    await eventually(() => isOnDisk(queue), { timeoutMs: 20_000, everyMs: 200 })

  const ledger = await startLedger({ url: `${gateway}/messages/ledger`, amqpUrl: await brokerUrl(), queue: 'ledger' })
  for (let kill = 0; kill < 2; kill++) {
    await ledger.more(200)
    await killOne(component)
  }
  await ledger.more(200)
  const { lost, twice } = await ledger.close()
  expect(lost).toEqual([])
  // At least once: what was in hand at a kill may come again, and no more than that.
  expect(twice).toBeLessThan(ledger.confirmed())
})

/** Kills one pod's container, and waits until it is back. */
async function killOne(component: string): Promise<void> {
  const [pod = ''] = await podsOf(component)
  const restarts = await restartsOf(pod)
  await killPod(cluster, release.namespace, pod)
  await eventually(async () => (await restartsOf(pod)) !== restarts, PATIENCE)
  const kind = component === 'rabbitmq' ? 'statefulset' : 'deployment'
  await release.kubectl('rollout', 'status', `${kind}/soaplane-${component}`, '--timeout=55s')
}

const podsOf = async (component: string) =>
  (await release.kubectl('get', 'pods', '-l', `app.kubernetes.io/component=${component}`, '--output', 'name'))
    .split('\n')
    .filter((each) => each !== '')
    .map((each) => each.replace('pod/', ''))

/** Tells a pod before a kill from the one after: replaced, or its container started anew. */
function restartsOf(pod: string): Promise<string> {
  const path = '{.metadata.uid} {.status.containerStatuses[0].restartCount}'
  return release.kubectl('get', 'pod', pod, '--ignore-not-found', '--output', `jsonpath=${path}`)
}

/** RabbitMQ 4.0 confirms a new quorum queue about a second before its name is in a file; killed between, it forgets it. */
const isOnDisk = (queue: string) =>
  release.kubectl(
    ...['exec', 'soaplane-rabbitmq-0', '--', 'grep', '-rqs', '--include=names.dets', queue, '/var/lib/rabbitmq'],
  )

it('is uninstalled: pods go, routes stay as they were, with nothing that would hold them', async () => {
  const specOf = async () => JSON.parse(await release.kubectl('get', 'soamr', 'orders', '--output', 'json'))
  const { spec } = await specOf()
  await release.helm('uninstall', release.name, '--wait')
  const kept = await specOf()
  expect(kept.spec).toEqual(spec)
  expect(kept.metadata).not.toHaveProperty('finalizers')
  expect(kept.metadata).not.toHaveProperty('deletionTimestamp')
  await eventually(async () => expect(await podsOf('esb')).toEqual([]), PATIENCE)
  const left = await release.kubectl(
    ...['get', 'deployments,services,serviceaccounts,poddisruptionbudgets,networkpolicies', '--output', 'name'],
    ...['-l', 'app.kubernetes.io/component=esb'],
  )
  expect(left).toBe('')
})
