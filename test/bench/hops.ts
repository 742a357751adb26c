import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { startChild } from '#test/kit/child.ts'
import { eventually } from '#test/kit/eventually.ts'
import { atLeast, below, type Report, show } from '#test/kit/measure/report.ts'
import { middleBy, type Summary, summaryOf } from '#test/kit/measure/statistics.ts'
import { deployable } from '#test/kit/process.ts'
import { type BrokerBed, startBrokerBed } from './bed/broker-bed.ts'
import { startPlatform } from './bed/platform.ts'
import { scratchFolder } from './bed/scratch.ts'
import type { Bench, BenchOptions } from './bench.ts'

const PREFETCH = 200
const OUT = 'bench-out'
const BARE = 'bench-bare'
/** Messages in a queue before a mediator starts. */
const PER_SECOND_ASKED = 5_000
const LATENCY_RATE = 1_000
/** As the chart sets it. */
const SEMI_SPACE_MB = 16

/** What the routes do; each is one MessageRoute that writes to the same queue as the bare loop. */
const ROUTES = {
  'path-only': [{ transform: { value: '{% order %}' } }],
  'validate + transform': [
    {
      validate: {
        schema: {
          type: 'object',
          required: ['order'],
          properties: {
            order: { type: 'object', required: ['id', 'lines'], properties: { lines: { type: 'array', minItems: 1 } } },
          },
        },
      },
    },
    { transform: { value: "{% { 'id': order.id, 'customer': order.customer.name, 'lines': $count(order.lines) } %}" } },
  ],
} as const

type RouteName = keyof typeof ROUTES

/** Messages through the bus, confirm awaited for each, beside a bare loop on the same broker. */
export const hops: Bench = async (options) => {
  const bed = await startBrokerBed()
  const folder = scratchFolder()
  const names = Object.keys(ROUTES) as RouteName[]
  writeFileSync(join(folder, 'routes.yaml'), names.map((name) => stringify(manifestOf(name))).join('---\n'))
  try {
    await bed.queue(OUT)
    await bed.queue(BARE)
    const platform = await startPlatform({ from: { folder }, gateways: 0 })
    const flags = { 'controller-url': platform.controller.url, 'registry-url': platform.registries[0]?.url ?? '' }
    const its = { ...flags, 'amqp-url': bed.url, 'log-level': 'warn' }
    const esb = await deployable('services/esb/main.ts', its, { semiSpaceMb: SEMI_SPACE_MB })
    try {
      await esb.start()
      await esb.kill('SIGTERM')
      const found = await rounds(bed, esb, names, options)
      await esb.start()
      const latency = await latencies(bed, options)
      return { report: reportOf(found, latency), raw: { found, latency } }
    } finally {
      await esb.kill()
      await platform.stop()
    }
  } finally {
    await bed.stop()
  }
}

interface Mediator {
  readonly start: () => Promise<void>
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
}

interface Rate {
  readonly who: string
  readonly perSecond: number
}

async function rounds(
  bed: BrokerBed,
  esb: Mediator,
  names: readonly RouteName[],
  { seconds, rounds: count, tell }: BenchOptions,
) {
  const messages = PER_SECOND_ASKED * seconds
  const rates: Rate[] = []
  for (let round = 0; round < count; round++) {
    rates.push(await drained(bed, { who: 'bare loop', queue: BARE, messages }, bareLoop(bed)))
    for (const who of names) rates.push(await drained(bed, { who, queue: queueOf(who), messages }, esb))
    tell(
      `round ${round + 1}: ${rates
        .slice(-1 - names.length)
        .map(({ who, perSecond }) => `${who} ${show.count(perSecond)}/s`)
        .join(', ')}`,
    )
  }
  return ['bare loop', ...names].map((who) =>
    middleBy(
      rates.filter((each) => each.who === who),
      ({ perSecond }) => perSecond,
    ),
  )
}

/** Fills a queue, starts the mediator, and takes the time from the first message out to the last. */
async function drained(
  bed: BrokerBed,
  { who, queue, messages }: { readonly who: string; readonly queue: string; readonly messages: number },
  mediator: Mediator,
): Promise<Rate> {
  await bed.empty(OUT)
  await bed.fill(queue, messages, bodyOf)
  await eventually(async () => {
    if ((await bed.depth(queue)) < messages) throw new Error('not all in the queue yet')
  })
  const starting = mediator.start()
  let first: { readonly at: number; readonly out: number } | undefined
  const deadline = performance.now() + 120_000
  for (;;) {
    const [out, at] = [await bed.depth(OUT), performance.now()]
    if (out > 0) first ??= { at, out }
    if (out >= messages && first !== undefined) {
      await starting
      await mediator.kill('SIGTERM')
      return { who, perSecond: ((messages - first.out) * 1_000) / (at - first.at) }
    }
    if (at > deadline) throw new Error(`${who} moved ${out} of ${messages} messages in two minutes`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function bareLoop(bed: BrokerBed): Mediator {
  const script = join(import.meta.dirname, 'peers/bare-hop.ts')
  let child: ReturnType<typeof startChild> | undefined
  return {
    async start() {
      child = startChild(process.execPath, [script, bed.url, BARE, OUT, String(PREFETCH)], {
        logFile: join(scratchFolder(), 'log'),
      })
    },
    kill: (signal) => child?.kill(signal) ?? Promise.resolve(),
  }
}

/** From a publish at a steady rate to the receipt behind the bus. */
async function latencies(bed: BrokerBed, { seconds }: BenchOptions): Promise<Summary> {
  await bed.empty(OUT)
  const sentAt = new Map<number, number>()
  const taken: number[] = []
  const total = LATENCY_RATE * Math.max(5, seconds)
  const sink = bed.amqp.onConnect('sink', async (channel) => {
    await channel.prefetch(PREFETCH)
    await channel.consume(OUT, (delivery) => {
      if (delivery === null) return
      const at = sentAt.get((JSON.parse(delivery.content.toString()) as { id: number }).id)
      if (at !== undefined) taken.push(performance.now() - at)
      channel.ack(delivery)
    })
    return undefined
  })
  const from = performance.now()
  const queue = queueOf('validate + transform')
  for (let i = 0; i < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - from) * LATENCY_RATE) / 1_000))
    for (; i < due; i++) {
      sentAt.set(i, performance.now())
      const message = { exchange: '', routingKey: queue, content: bodyOf(i), messageId: String(i) }
      void bed.amqp.publish({ ...message, properties: { contentType: 'application/json' } })
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await eventually(
    async () => {
      if (taken.length < total) throw new Error(`${taken.length} of ${total} have come, ${await bed.depth(queue)} wait`)
    },
    { timeoutMs: 30_000 },
  )
  await sink.leave()
  return summaryOf(taken)
}

function bodyOf(i: number): Buffer {
  const lines = Array.from({ length: 3 }, (_none, line) => ({ sku: `sku-${line}`, quantity: line + 1, price: 9.9 }))
  const order = { id: i, customer: { name: 'Ada', city: 'London' }, lines, note: 'x'.repeat(280) }
  return Buffer.from(JSON.stringify({ order }))
}

function manifestOf(name: RouteName): object {
  return {
    apiVersion: 'soaplane.dev/v1alpha1',
    kind: 'MessageRoute',
    metadata: { name: objectName(name) },
    spec: {
      from: { keys: [objectName(name)] },
      prefetch: PREFETCH,
      steps: ROUTES[name],
      to: [{ queue: { name: OUT } }],
    },
  }
}

function objectName(name: RouteName): string {
  return name.replaceAll(/[^a-z]+/g, '-')
}

function queueOf(name: RouteName): string {
  return `soa.route.default.${objectName(name)}`
}

function reportOf(found: readonly Rate[], latency: Summary): Report {
  const rateOf = (who: string) => found.find((each) => each.who === who)?.perSecond ?? 0
  const bare = rateOf('bare loop')
  return {
    name: 'hops',
    title: 'Messages through the bus',
    method: [
      'One RabbitMQ node and one mediator on the same two cores; bodies of about 500 bytes; quorum queues on both sides.',
      `A queue is filled, then the mediator starts with a prefetch of ${PREFETCH}; timed from the first message out to the last.`,
      'A confirm is awaited for each before its message is acknowledged. The bare loop does just that with amqplib, and nothing else.',
      `Latency: published at ${show.count(LATENCY_RATE)}/s, validate + transform, to the receipt by a consumer behind the bus.`,
    ],
    tables: [
      {
        caption: 'Hops',
        head: ['', 'per second', 'of the bare loop'],
        rows: found.map(({ who, perSecond }) => [who, show.count(perSecond), show.ratio(perSecond / bare)]),
      },
      {
        caption: `Latency at ${show.count(LATENCY_RATE)}/s`,
        head: ['', 'p50', 'p99', 'most'],
        rows: [['validate + transform', show.ms(latency.p50), show.ms(latency.p99), show.ms(latency.max)]],
      },
    ],
    verdicts: [
      atLeast(5_000, { what: 'path-only, per second', measured: rateOf('path-only'), show: show.count }),
      atLeast(3_000, {
        what: 'validate + transform, per second',
        measured: rateOf('validate + transform'),
        show: show.count,
      }),
      atLeast(0.6, { what: 'path-only, of the bare loop', measured: rateOf('path-only') / bare, show: show.ratio }),
      below(100, { what: 'p99 at 1,000/s', measured: latency.p99, show: show.ms }),
    ],
  }
}
