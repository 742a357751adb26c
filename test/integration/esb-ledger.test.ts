import { expect, it, onTestFinished } from 'vitest'
import { settled } from '#test/kit/broker/faults.ts'
import { startBroker } from '#test/kit/broker.ts'
import { eventually } from '#test/kit/eventually.ts'
import { brokerFaults } from '#test/kit/ledger/faults.ts'
import { reportLines } from '#test/kit/ledger/report.ts'
import { runLedger } from '#test/kit/ledger/run.ts'

// The promise of the bus in small; `make soak` has it in large.

const TIMEOUT_MS = 300_000

it(
  'the ledger finds out what is thrown away',
  async () => {
    const broker = await startBroker()
    onTestFinished(broker.stop)
    const { verdict } = await runLedger({
      ...{ amqpUrl: broker.url, ctl: broker.ctl, settled: () => settled(broker) },
      ...{ seed: 4, count: 200, perSecond: 100, drainMs: 2_000, replicas: 1 },
      faults: ({ sender }) => [
        {
          name: 'a thief',
          async strike() {
            const purged = () =>
              sender.once(async (channel) => (await channel.purgeQueue('soa.unroutable')).messageCount)
            await eventually(async () => (await purged()) > 0)
          },
        },
      ],
    })
    expect(verdict.lost.length).toBeGreaterThan(0)
    expect(verdict.lost.filter((id) => !id.startsWith('nobody-'))).toEqual([])
  },
  TIMEOUT_MS,
)

it.each([
  { version: '3.10', count: 3_000, perSecond: 100 },
  { version: '4.0', count: 1_000, perSecond: 40 },
] as const)(
  'of $count messages none is lost through kills, stops, alarms and cuts, on RabbitMQ $version',
  async ({ version, ...load }) => {
    const broker = await startBroker({ version })
    onTestFinished(broker.stop)
    const report = await runLedger({
      ...load,
      amqpUrl: broker.url,
      ctl: broker.ctl,
      settled: () => settled(broker),
      seed: 5,
      faults: brokerFaults(broker),
    })
    process.stdout.write(`${reportLines(report).join('\n')}\n`)

    const { verdict, faults } = report
    expect({ lost: verdict.lost, strangers: verdict.strangers }).toEqual({ lost: [], strangers: [] })
    expect(verdict.confirmed).toBe(verdict.sent)
    // Every way out was taken, and every fault struck.
    expect(Math.min(verdict.delivered, verdict.dead, verdict.unroutable)).toBeGreaterThan(0)
    expect(new Set(faults).size).toBe(5)
  },
  TIMEOUT_MS,
)
