import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { overfull, type Passage } from '#test/kit/measure/overfull.ts'
import { exactly, type Report, show } from '#test/kit/measure/report.ts'
import { percentile } from '#test/kit/measure/statistics.ts'
import { type Client, clientOf } from './bed/client.ts'
import { manifestOf } from './bed/manifest.ts'
import { startBackend } from './bed/nginx.ts'
import { type Platform, startPlatform } from './bed/platform.ts'
import { scratchFolder } from './bed/scratch.ts'
import type { Bench } from './bench.ts'

const RULE = { text: '5/10s', limit: 5, periodMs: 10_000 } as const
const GATEWAYS = 3
const BURSTS = 20
const BURST = 60
const RANDOM = { forMs: 35_000, perSecond: 20 } as const

/** 5/10s over three gateway processes: what is admitted of bursts, and in any window of random arrivals. */
export const exact: Bench = async ({ tell }) => {
  const folder = scratchFolder()
  const backend = await startBackend()
  const names = Array.from({ length: BURSTS + 1 }, (_, i) => `limited-${i}`)
  const services = names.map((name) =>
    manifestOf({ name, url: backend.url, path: `/${name}`, annotations: { 'soaplane.dev/rate-limit': RULE.text } }),
  )
  writeFileSync(join(folder, 'all.yaml'), services.map((each) => stringify(each)).join('---\n'))
  try {
    const platform = await startPlatform({ from: { folder }, gateways: GATEWAYS })
    const clients = platform.gateways.map(({ url }) => clientOf(url, BURST))
    try {
      const [random = '', ...bursts] = names
      const admitted: number[] = []
      for (const name of bursts) admitted.push(await burst(clients, `/${name}`))
      tell(`of ${BURST} at once over ${GATEWAYS} gateways were admitted: ${admitted.join(' ')}`)
      const passages = await arrivals(clients, `/${random}`)
      const found = { admitted, passages, unasked: await unasked(platform) }
      return { report: reportOf(found), raw: found }
    } finally {
      for (const client of clients) await client.close()
      await platform.stop()
    }
  } finally {
    await backend.stop()
  }
}

async function burst(clients: readonly Client[], path: string): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: BURST }, (_, i) => (clients[i % clients.length] as Client).get(path)),
  )
  const strange = answers.find(({ status }) => status !== 200 && status !== 429)
  if (strange !== undefined) throw new Error(`${path} answered ${strange.status}: ${strange.text}`)
  return answers.filter(({ status }) => status === 200).length
}

async function arrivals(clients: readonly Client[], path: string): Promise<readonly Passage[]> {
  const until = performance.now() + RANDOM.forMs
  const admitted: Passage[] = []
  const ask = async (client: Client) => {
    while (performance.now() < until) {
      const { status, sentAt, answeredAt } = await client.get(path)
      if (status === 200) admitted.push({ sentAt, answeredAt })
      // Exponential gaps: arrivals without memory.
      const gapMs = (-Math.log(1 - Math.random()) * 1_000 * clients.length) / RANDOM.perSecond
      await new Promise((resolve) => setTimeout(resolve, gapMs))
    }
  }
  await Promise.all(clients.map(ask))
  return admitted
}

// Decisions that a gateway took without the counter's owner, which was out of reach: those may be off by a known bound.
async function unasked({ gateways }: Platform): Promise<number> {
  const texts = await Promise.all(gateways.map(async ({ process }) => (await fetch(`${process.url}/metrics`)).text()))
  const values = texts.flatMap((text) => [...text.matchAll(/^soa_gateway_ratelimit_unasked_total\{.*\} (\d+)$/gm)])
  return values.reduce((sum, [, value]) => sum + Number(value), 0)
}

interface Found {
  /** Of each burst. */
  readonly admitted: readonly number[]
  readonly passages: readonly Passage[]
  readonly unasked: number
}

function reportOf({ admitted, passages, unasked }: Found): Report {
  const least = percentile(admitted, 0)
  const most = percentile(admitted, 100)
  return {
    name: 'exact',
    title: 'Rate limit over three gateways',
    method: [
      `${RULE.text} by annotation, ${GATEWAYS} gateway processes, one counter.`,
      `${BURSTS} fresh counters get ${BURST} requests at once, spread over the gateways;`,
      `then some ${RANDOM.perSecond} requests/s arrive at random for ${RANDOM.forMs / 1_000} s over all gateways,`,
      'and every window that must have held more than the limit is counted.',
      `${show.count(unasked)} decisions were taken without the counter’s owner, which did not answer in time;`,
      'on a machine that is not overloaded there are none.',
    ],
    tables: [
      {
        caption: 'Admitted',
        head: ['', 'least', 'most'],
        rows: [
          [`of ${BURST} at once`, show.count(least), show.count(most)],
          [
            `of those at random, in ${RANDOM.forMs / 1_000} s`,
            show.count(passages.length),
            show.count(passages.length),
          ],
        ],
      },
    ],
    verdicts: [
      exactly(RULE.limit, { what: 'fewest admitted of a burst', measured: least, show: show.count }),
      exactly(RULE.limit, { what: 'most admitted of a burst', measured: most, show: show.count }),
      exactly(0, { what: 'windows with more', measured: overfull(passages, RULE), show: show.count }),
    ],
  }
}
