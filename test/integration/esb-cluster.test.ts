import { expect, it, onTestFinished } from 'vitest'
import { type ClusterNode, startCluster } from '#test/kit/broker/cluster.ts'
import { settled } from '#test/kit/broker/faults.ts'
import { killNode } from '#test/kit/ledger/faults.ts'
import { reportLines } from '#test/kit/ledger/report.ts'
import { runLedger } from '#test/kit/ledger/run.ts'

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
