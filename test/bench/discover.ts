import { below, type Report, show } from '#test/kit/measure/report.ts'
import { type Summary, summaryOf } from '#test/kit/measure/statistics.ts'
import { type Client, clientOf } from './bed/client.ts'
import { startKubeBed } from './bed/kube-bed.ts'
import { type From, startPlatform } from './bed/platform.ts'
import { scratchFolder } from './bed/scratch.ts'
import type { Bench, BenchOptions } from './bench.ts'

const VISIBLE_WITHIN_MS = 10_000
const BETWEEN_MS = 1
/** Registrations before those that count: nothing has been compiled yet then. */
const COLD = 10

interface Registration {
  /** From sending POST /register to its 201. */
  readonly answeredMs: number
  /** To the first answer of GET /discover that has the URL, at the registry asked and at the other one. */
  readonly ownMs: number
  readonly otherMs: number
}

/** From `POST /register` to `GET /discover`, at both of two registries, from both sources. */
export const discover: Bench = async (options) => {
  const bed = await startKubeBed()
  try {
    const apiServer = await registrations(bed, options)
    options.tell(`${options.samples} registrations through the API server are done`)
    const inFolder = await registrations({ folder: scratchFolder() }, options)
    const bySource = { 'API server': apiServer, folder: inFolder }
    return { report: reportOf(bySource), raw: bySource }
  } finally {
    await bed.stop()
  }
}

async function registrations(from: From, { samples }: BenchOptions): Promise<readonly Registration[]> {
  const platform = await startPlatform({ from, registries: 2, gateways: 0 })
  const [own, other] = platform.registries.map(({ url }) => clientOf(url, 2)) as [Client, Client]
  try {
    const done: Registration[] = []
    for (let i = 0; i < COLD + samples; i++) done.push(await register(own, other, i))
    return done
  } finally {
    await own.close()
    await other.close()
    await platform.stop()
  }
}

async function register(own: Client, other: Client, i: number): Promise<Registration> {
  const name = `Bench${i}`
  const url = `http://127.0.0.1:${10_000 + i}`
  const from = performance.now()
  const [ownAt, otherAt, answer] = await Promise.all([
    discoverable(own, name, url),
    discoverable(other, name, url),
    own.post('/register', { name, url }),
  ])
  if (answer.status !== 201) throw new Error(`POST /register ${name} answered ${answer.status}: ${answer.text}`)
  return { answeredMs: answer.answeredAt - from, ownMs: ownAt - from, otherMs: otherAt - from }
}

async function discoverable(client: Client, name: string, url: string): Promise<number> {
  const deadline = performance.now() + VISIBLE_WITHIN_MS
  while (performance.now() < deadline) {
    const answer = await client.get(`/discover/${name}`)
    if (answer.status === 200 && JSON.parse(answer.text).service_url === url) return answer.answeredAt
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
  }
  throw new Error(`${name} cannot be discovered ${VISIBLE_WITHIN_MS} ms after its registration`)
}

function reportOf(bySource: Readonly<Record<string, readonly Registration[]>>): Report {
  const figures = Object.entries(bySource).flatMap(([source, all]) =>
    (
      [
        ['discoverable at the same registry', 'ownMs'],
        ['discoverable at the other registry', 'otherMs'],
        ['201', 'answeredMs'],
      ] as const
    ).map(([what, field]) => [`${source}: ${what}`, figuresOf(all.map((each) => each[field]))] as const),
  )
  return {
    name: 'discover',
    title: 'Register to discoverable',
    method: [
      `One controller and two registries; services register one after the other at the first, ${COLD} of them to warm up,`,
      'timed from the sending of POST /register to the first GET /discover that answers with the URL,',
      'asked every millisecond. Once with a real kube-apiserver as source, once with a folder.',
    ],
    tables: [
      {
        caption: 'From POST /register to',
        head: ['', 'registrations', 'p50', 'p99', 'max', `max of the ${COLD} before`],
        rows: figures.map(([what, each]) => [what, ...cells(each)]),
      },
    ],
    verdicts: figures
      .filter(([what]) => what.includes('discoverable'))
      .map(([what, { p99 }]) => below(50, { what: `${what}, p99`, measured: p99, show: show.ms })),
  }
}

interface Figures extends Summary {
  readonly cold: number
}

function figuresOf(all: readonly number[]): Figures {
  return { ...summaryOf(all.slice(COLD)), cold: Math.max(...all.slice(0, COLD)) }
}

function cells({ count, p50, p99, max, cold }: Figures): readonly string[] {
  return [show.count(count), show.ms(p50), show.ms(p99), show.ms(max), show.ms(cold)]
}
