import { queues } from '../broker/faults.ts'
import type { TestBroker } from '../broker.ts'
import { seeded } from '../rate-limits.ts'
import { DEAD_LETTER_QUEUES, type LedgerBed, startLedgerBed } from './bed.ts'
import { type Fault, schedule, struck } from './faults.ts'
import { items, startSending } from './load.ts'
import { empty, readQueue } from './readers.ts'
import type { LedgerReport } from './report.ts'
import { judge, type Ledger, type Verdict } from './verdict.ts'

export interface LedgerOptions {
  /** Of the broker; several apart by commas. */
  readonly amqpUrl: string
  /** Of a node that is up at the end. */
  readonly ctl: TestBroker['ctl']
  /** Waits until all that was declared is on disk. */
  readonly settled: () => Promise<void>
  readonly seed: number
  /** At least; messages are sent until each fault has struck once. */
  readonly count: number
  readonly perSecond: number
  /** They strike one after another for as long as messages are sent. */
  readonly faults: (bed: LedgerBed, random: () => number) => readonly Fault[]
  readonly replicas?: number
  /** How long after the last confirm everything may take to arrive. */
  readonly drainMs?: number
  /** Told each fault as it strikes. */
  readonly tell?: (line: string) => void
}

/** How long messages are looked for once nobody moves them but the broker. */
const LOOK_MS = 15_000

/**
 * Sends, breaks things meanwhile, lets the bus come to rest, and counts.
 *
 *   load ──────────────────────► all confirmed ─► drain ─► bus stopped ─► what is still queued ─► verdict
 *   fault, mended, fault, mended …        │
 *                          dead letters and the unroutable are read from here on
 */
export async function runLedger(options: LedgerOptions): Promise<LedgerReport> {
  const { seed, count, perSecond, drainMs = 60_000 } = options
  const bed = await startLedgerBed({ amqpUrl: options.amqpUrl, seed, replicas: options.replicas ?? 2 })
  try {
    await options.settled()
    const startedMs = performance.now()
    const random = seeded(seed + 2)
    const faults = options.faults(bed, random)
    const names: string[] = []
    const isEnough = (sent: number) => sent >= count && names.length >= faults.length
    const sending = startSending({ items: items(seeded(seed)), perSecond, send: bed.send, isEnough })
    await strike(
      schedule(faults, random),
      names,
      () => isEnough(sending.sent.size),
      ({ name }) => options.tell?.(`${sending.confirmed.size} of ${sending.sent.size} confirmed: ${name}`),
    )
    await sending.done
    const loadMs = performance.now() - startedMs

    const letters = DEAD_LETTER_QUEUES.map((queue) => readQueue(bed.receiver, queue))
    const unroutable = readQueue(bed.receiver, 'soa.unroutable')
    const ledger = (queued: readonly string[]): Ledger => ({
      ...{ sent: sending.sent, confirmed: sending.confirmed, delivered: bed.delivered() },
      ...{ dead: letters.flat(), unroutable, queued },
    })
    await atRest(() => judge(ledger([])), drainMs)
    const drainedMs = performance.now() - startedMs - loadMs
    await bed.bus.stop()
    const queued = new Map<string, string[]>()
    const verdict = () => judge(ledger([...queued.values()].flat()))
    // More than once: what waits moves from queue to queue meanwhile, and is in neither for up to five seconds.
    await atRest(
      async () => {
        await empty(bed.receiver, await queues(options), queued)
        return verdict()
      },
      Math.min(LOOK_MS, drainMs),
    )
    const places = new Map([...queued].map(([queue, ids]) => [queue, ids.length]))
    return {
      verdict: verdict(),
      queued: places,
      faults: names,
      retries: sending.retries(),
      seed,
      loadMs,
      drainMs: drainedMs,
    }
  } finally {
    await bed.stop()
  }
}

/** One fault after another; writes down the name of each once it is mended. */
async function strike(
  faults: Iterable<Fault>,
  names: string[],
  isOver: () => boolean,
  tell: (fault: Fault) => void,
): Promise<void> {
  for (const fault of faults) {
    if (isOver()) return
    tell(fault)
    names.push(await struck(fault))
  }
}

/** Resolves when nothing is missing, or nothing more comes by the deadline: whether that is a loss is for the verdict. */
async function atRest(look: () => Verdict | Promise<Verdict>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while ((await look()).lost.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
