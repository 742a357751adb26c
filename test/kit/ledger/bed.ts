import type { Amqp } from '#lib/amqp.ts'
import { type Bus, type BusProcess, messageRoute, serviceAt, startBusProcesses } from '../esb.ts'
import { eventually } from '../eventually.ts'
import { seeded } from '../rate-limits.ts'
import type { Item, Send } from './load.ts'
import { outside, readQueue } from './readers.ts'
import { type ServiceSink, startServiceSink } from './service-sink.ts'

/** Routes from every way in to every kind of way out, the senders before them and the receivers behind. */
export interface LedgerBed {
  readonly bus: Bus<BusProcess>
  /** What senders have of the broker. */
  readonly sender: Amqp
  readonly receiver: Amqp
  readonly send: Send
  /** So far, at both receivers. */
  readonly delivered: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** The queue of the route whose consumers are cut off. */
export const ROUTE_QUEUE = 'soa.route.default.ledger-queue'
export const DEAD_LETTER_QUEUES = ['ledger-queue', 'ledger-service', 'ledger-http'].map(
  (name) => `soa.dlq.default.${name}`,
)
const SINK_QUEUE = 'ledger.sink'

export interface BedOptions {
  /** Of the broker; several apart by commas. */
  readonly amqpUrl: string
  readonly seed: number
  readonly replicas: number
}

export async function startLedgerBed({ amqpUrl, seed, replicas }: BedOptions): Promise<LedgerBed> {
  const started: { readonly stop: () => unknown }[] = []
  async function stop(): Promise<void> {
    for (const each of started.splice(0).toReversed()) await each.stop()
  }
  try {
    const sink = await startServiceSink(seeded(seed + 1))
    started.push(sink)
    const [sender, receiver] = [outside('ledger sender', amqpUrl), outside('ledger receiver', amqpUrl)]
    const queued = readQueue(receiver, SINK_QUEUE, { declare: true })
    for (const each of [sender, receiver]) {
      await each.start()
      started.push(each)
    }
    await eventually(() => [sender, receiver].every((each) => each.unready() === undefined), { timeoutMs: 30_000 })
    const bus = await startBusProcesses({ amqpUrl, replicas })
    started.push(bus)
    await bus.apply('ledger.yaml', objects(sink))
    const send = sendTo(sender, bus)
    return { bus, sender, receiver, send, delivered: () => [...queued, ...sink.delivered], stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function objects(sink: ServiceSink): readonly object[] {
  const toQueue = { queue: { name: SINK_QUEUE } }
  const patient = { attempts: 30, backoff: '1s', maxBackoff: '2s' }
  return [
    serviceAt('ledger-sink', sink.url),
    messageRoute('ledger-queue', {
      from: { keys: ['ledger.queue'], internal: {} },
      steps: [{ transform: { value: '{% {"id": id, "by": "transform"} %}' } }],
      to: [toQueue],
      retry: patient,
    }),
    messageRoute('ledger-service', {
      from: { keys: ['ledger.service'] },
      to: [{ service: { name: 'ledger-sink', path: '/', timeout: '1s' } }],
      retry: patient,
    }),
    messageRoute('ledger-http', { from: { http: {} }, to: [{ route: { name: 'ledger-queue' } }], retry: patient }),
  ]
}

const CONFIRM_MS = 5_000

/** As an ordinary sender does it: only what is confirmed is sent. */
function sendTo(sender: Amqp, bus: Bus<BusProcess>): Send {
  let turn = 0
  return async (item) => {
    if (item.way !== 'http') return publish(sender, item)
    const replica = bus.replicas[turn++ % bus.replicas.length] as BusProcess
    const response = await fetch(`${replica.url}/messages/ledger-http`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bodyOf(item),
      signal: AbortSignal.timeout(CONFIRM_MS),
    })
    await response.arrayBuffer()
    if (response.status !== 202) throw new Error(`${replica.url}: ${response.status}`)
  }
}

async function publish(sender: Amqp, item: Item): Promise<void> {
  const outcome = await sender.publish(
    {
      exchange: 'esb_exchange',
      routingKey: `ledger.${item.way}`,
      content: Buffer.from(bodyOf(item)),
      messageId: item.id,
      properties: { contentType: 'application/json' },
    },
    { timeoutMs: CONFIRM_MS },
  )
  if (!outcome.sent) throw new Error(outcome.message)
}

function bodyOf({ id, poison }: Item): string {
  return JSON.stringify({ id, poison })
}
