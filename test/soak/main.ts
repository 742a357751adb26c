import { type ClusterNode, startCluster } from '../kit/broker/cluster.ts'
import { settled } from '../kit/broker/faults.ts'
import { startBroker } from '../kit/broker.ts'
import { brokerFaults, killNode, killReplica } from '../kit/ledger/faults.ts'
import { reportLines } from '../kit/ledger/report.ts'
import { type LedgerOptions, runLedger } from '../kit/ledger/run.ts'
import { tell } from '../kit/progress.ts'
import { readArguments, type SoakOptions } from './command-line.ts'

// The ledger in large: as many messages as one likes, with something broken at every moment.

type Bed = Pick<LedgerOptions, 'amqpUrl' | 'ctl' | 'settled' | 'faults'> & { readonly stop: () => Promise<void> }

async function bedOf(broker: SoakOptions['broker']): Promise<Bed> {
  if (broker === 'cluster') return clusterBed()
  const one = await startBroker({ version: broker })
  return {
    ...{ amqpUrl: one.url, ctl: one.ctl, stop: one.stop },
    settled: () => settled(one),
    faults: brokerFaults(one),
  }
}

async function clusterBed(): Promise<Bed> {
  const cluster = await startCluster({ nodes: 3 })
  const [first, ...others] = cluster.nodes as [ClusterNode, ...ClusterNode[]]
  return {
    ...{ amqpUrl: cluster.url, ctl: first.ctl, stop: cluster.stop },
    settled: async () => void (await Promise.all(cluster.nodes.map(settled))),
    faults: ({ bus }, random) => [...others.map(killNode), killReplica(bus.replicas, random)],
  }
}

async function soak({ broker, count, minutes, seed }: SoakOptions): Promise<void> {
  const { stop, ...bed } = await bedOf(broker)
  try {
    const perSecond = Math.ceil(count / (minutes * 60))
    // What piled up behind the last fault must have time to drain.
    const report = await runLedger({ ...bed, seed, count, perSecond, drainMs: 300_000, tell })
    process.stdout.write(`${reportLines(report).join('\n')}\n`)
    const { lost, strangers } = report.verdict
    process.exitCode = lost.length + strangers.length === 0 ? 0 : 1
  } finally {
    await stop()
  }
}

const asked = readArguments(process.argv.slice(2))
if ('say' in asked) {
  ;(asked.status === 0 ? process.stdout : process.stderr).write(`${asked.say}\n`)
  process.exitCode = asked.status
} else {
  await soak(asked)
}
