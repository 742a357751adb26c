import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { connections } from '#test/kit/amqp.ts'
import { type ClusterNode, type ClusterOptions, startCluster } from '#test/kit/broker/cluster.ts'
import { settled } from '#test/kit/broker/faults.ts'
import { type Bus, startBus } from '#test/kit/esb.ts'
import { busClient, metricOf, routeOf } from '#test/kit/esb-client.ts'
import { eventually } from '#test/kit/eventually.ts'

// Row 5 of the table of failures; docs/architecture.md has the table.
const connect = connections(() => '')
const PATIENT = { timeoutMs: 60_000, everyMs: 100 }
const OUT = 'majority-out'

interface Case {
  readonly minority: ClusterOptions['minority']
  readonly what: string
  /** Whose place among the nodes; the bus begins with the first. */
  readonly lost: readonly number[]
}

it.each<Case>([
  { minority: 'pause_minority', lost: [0, 1], what: 'lies low' },
  { minority: 'ignore', lost: [1, 2], what: 'goes on, with the bus on it' },
  { minority: 'ignore', lost: [0, 1], what: 'goes on, and the bus comes to it' },
])(
  'when two of three nodes are gone and the third $what, nothing is accepted; with them back all goes on (row 5)',
  async ({ minority, lost }) => {
    const { nodes, bus } = await start(minority)
    const confirmed = Array.from({ length: 30 }, () => randomUUID())
    expect(await Promise.all(confirmed.map((id) => post(bus, id)))).toEqual(confirmed.map(() => 202))
    // There is nobody to take them yet: they wait, and are tried again.
    await eventually(async () => (await metricOf(bus, 'soa_esb_messages_retried_total', 'orders')) >= 30, PATIENT)
    await Promise.all(nodes.map(settled))

    const gone = lost.map((place) => nodes[place] as ClusterNode)
    await Promise.all(gone.map((node) => node.kill()))
    const late = randomUUID()
    expect(await post(bus, late)).toBe(503)
    await eventually(async () => (await readyz(bus)) === 503, PATIENT)
    await eventually(async () => (await bus.conditions('orders')).includes('Ready=False/NoReplicas'), PATIENT)
    expect(await post(bus, late)).toBe(503)

    await Promise.all(gone.map((node) => node.restart()))
    await eventually(async () => (await readyz(bus)) === 200, PATIENT)
    await eventually(async () => (await post(bus, late)) === 202, PATIENT)
    const taken = await sinkOn(nodes[0] as ClusterNode)
    await eventually(() => {
      const ids = new Set(taken.map(({ id }) => id.split('/')[0]))
      expect([...confirmed, late].filter((id) => !ids.has(id))).toEqual([])
    }, PATIENT)
    await eventually(async () => (await bus.conditions('orders')).includes('Ready=True/Ready'), PATIENT)
  },
  300_000,
)

async function start(minority: ClusterOptions['minority']) {
  const cluster = await startCluster({ nodes: 3, minority })
  onTestFinished(cluster.stop)
  const bus = await startBus({ amqpUrl: cluster.url, flags: { 'confirm-timeout-ms': '3000' } })
  onTestFinished(bus.stop)
  const retry = { attempts: 100, backoff: '1s', maxBackoff: '2s' }
  await bus.apply('majority.yaml', [routeOf('orders', { from: { http: {} }, to: [{ queue: { name: OUT } }], retry })])
  return { nodes: cluster.nodes, bus }
}

/** Gives the status; one that is not 202 must have left it to the sender to repeat the message. */
async function post({ replicas }: Bus, id: string): Promise<number> {
  const headers = { 'idempotency-key': id }
  const response = await fetch(`${replicas[0]?.url}/messages/orders`, { method: 'POST', body: id, headers })
  const told = (await response.json()) as Record<string, unknown>
  // Either it was sent and nobody knows, or it was not sent at all.
  if (told.reason === 'Unconfirmed') expect(told.id).toBe(id)
  else expect(told.reason).toBe(response.status === 202 ? undefined : 'RouteNotReady')
  return response.status
}

async function readyz({ replicas }: Bus): Promise<number> {
  return (await fetch(`${replicas[0]?.url}/readyz`)).status
}

async function sinkOn({ url }: ClusterNode) {
  const connection = connect({ url })
  await connection.start()
  return busClient(connection).sink(OUT)
}
