import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { connections } from '#test/kit/amqp.ts'
import { type ClusterNode, startCluster } from '#test/kit/broker/cluster.ts'
import { leaderOf, settled } from '#test/kit/broker/faults.ts'
import { type Bus, startBus } from '#test/kit/esb.ts'
import { busClient, metricOf, routeOf } from '#test/kit/esb-client.ts'
import { eventually } from '#test/kit/eventually.ts'
import { killNode } from '#test/kit/ledger/faults.ts'
import { reportLines } from '#test/kit/ledger/report.ts'
import { runLedger } from '#test/kit/ledger/run.ts'

const connect = connections(() => '')
const PATIENT = { timeoutMs: 60_000, everyMs: 100 }

it('of 2000 messages none is lost while one of three nodes of the broker is killed again and again', async () => {
  const cluster = await startCluster({ nodes: 3 })
  onTestFinished(cluster.stop)
  const [first, second] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode]
  const report = await runLedger({
    amqpUrl: cluster.url,
    ctl: first.ctl,
    settled: async () => void (await Promise.all(cluster.nodes.map(settled))),
    seed: 6,
    count: 2_000,
    perSecond: 60,
    // Twice: what the first kill left half done meets the second.
    faults: () => [killNode(second), killNode(second)],
  })
  process.stdout.write(`${reportLines(report).join('\n')}\n`)

  const { verdict, faults } = report
  expect({ lost: verdict.lost, strangers: verdict.strangers }).toEqual({ lost: [], strangers: [] })
  expect(verdict.confirmed).toBe(verdict.sent)
  expect(Math.min(verdict.delivered, verdict.dead, verdict.unroutable)).toBeGreaterThan(0)
  expect(faults.length).toBeGreaterThanOrEqual(2)
}, 300_000)

it('what waits in a delay comes within seconds of the return of a killed node, be it the one that leads the delay or its route (row 4)', async () => {
  const cluster = await startCluster({ nodes: 3 })
  onTestFinished(cluster.stop)
  const bus = await startBus({ amqpUrl: cluster.url })
  onTestFinished(bus.stop)
  const retry = { attempts: 100, backoff: '1s', maxBackoff: '1s' }
  await bus.apply('waits.yaml', [
    routeOf('waits', { from: { http: {} }, to: [{ queue: { name: 'waits-out' } }], retry }),
  ])
  await Promise.all(cluster.nodes.map(settled))
  const posted: string[] = []
  async function more(): Promise<void> {
    const ids = Array.from({ length: 250 }, () => randomUUID())
    await Promise.all(ids.map((id) => post(bus, id)))
    posted.push(...ids)
    await eventually(
      async () => (await metricOf(bus, 'soa_esb_messages_retried_total', 'waits')) >= posted.length,
      PATIENT,
    )
  }

  await more()
  const first = await leaderOf(cluster.nodes, 'soa.delay.0')
  await first.kill()
  await first.restart()
  await more()
  const second = await leaderOf(cluster.nodes, 'soa.route.default.waits')
  await second.kill()
  // Back before all is asked for: of 3.10, the worker of a delay that came to another node at the same kill may send to the
  // lost node alone for as long as that is away, and holds its messages so long.
  await second.restart()
  const connection = connect({ url: second.url })
  await connection.start()
  const taken = await busClient(connection).sink('waits-out')
  // A worker that waits for a lost node would do so for 180 s, unless it is told otherwise.
  await eventually(() => {
    const ids = new Set(taken.map(({ id }) => id.split('/')[0]))
    expect(posted.filter((id) => !ids.has(id))).toEqual([])
  }, PATIENT)
}, 300_000)

/** Until it is confirmed: a sender repeats what is not. */
function post({ replicas }: Bus, id: string): Promise<unknown> {
  const send = () => fetch(`${replicas[0]?.url}/messages/waits`, { method: 'POST', headers: { 'idempotency-key': id } })
  return eventually(async () => expect((await send()).status).toBe(202), PATIENT)
}
