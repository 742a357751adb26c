import { atLeast, exactly, type Report, show, type Table, type Verdict } from '#test/kit/measure/report.ts'
import { middleBy } from '#test/kit/measure/statistics.ts'
import type { WrkReport } from '#test/kit/measure/wrk-report.ts'
import { HOW_PINNED } from './bed/cores.ts'
import { CONNECTIONS } from './bed/load.ts'
import type { BenchOptions } from './bench.ts'
import type { Setting } from './peers/start.ts'

/** One run of wrk against one proxy. */
export interface Measured extends Setting, WrkReport {
  readonly proxy: string
  readonly cpuUsPerRequest: number
  /** Of one core, how much the proxy used. */
  readonly coreShare: number
  readonly rssBytes: number
}

export const SOAPLANE = 'soaplane gateway'

const TARGETS: readonly (readonly [peer: string, ratio: number])[] = [
  ['express + http-proxy-middleware', 3],
  ['@fastify/http-proxy', 1.5],
  ['nginx', 0.4],
]

/** Under this share a proxy was not what limited the rate. */
const WHOLE_CORE = 0.9

export function proxiesReport(all: readonly Measured[], { seconds, rounds }: BenchOptions): Report {
  const settings = [...Map.groupBy(all, ({ routes, limited }) => captionOf({ routes, limited }))]
  const middles = settings.map(([caption, runs]) => [caption, middleRuns(runs)] as const)
  const failed = all.reduce((sum, run) => sum + run.failed, 0)
  const through = all.filter(({ proxy }) => proxy !== 'direct')
  const starved = through.filter(({ coreShare }) => coreShare < WHOLE_CORE)
  return {
    name: 'proxies',
    title: 'Gateway beside its peers',
    method: [
      `wrk, ${CONNECTIONS} connections, routes asked in turn, the same 1 KB answer from the same nginx backend.`,
      HOW_PINNED,
      `${rounds} runs of ${seconds} s each, in turns; the run with the middle rate is shown.`,
      'The limit admits all of the load and counts by client address: express-rate-limit, @fastify/rate-limit, limit_req.',
      `Ratios are ours to theirs. ${starved.length} of ${through.length} runs used less than ${show.percent(WHOLE_CORE)} of their core:`,
      'those were held back, by the other core or by something else on the machine.',
    ],
    tables: middles.map(([caption, runs]) => tableOf(caption, runs)),
    verdicts: [
      ...middles.flatMap(([caption, runs]) => (runs.some((run) => run.limited) ? verdictsOf(caption, runs) : [])),
      exactly(0, { what: 'requests that failed, all runs', measured: failed, show: show.count }),
    ],
  }
}

function captionOf({ routes, limited }: Setting): string {
  return `${show.count(routes)} routes, ${limited ? 'rate limit on' : 'no rate limit'}`
}

function middleRuns(runs: readonly Measured[]): readonly Measured[] {
  const byProxy = Map.groupBy(runs, ({ proxy }) => proxy)
  return [...byProxy.values()].map((rounds) => middleBy(rounds, ({ requestsPerSecond }) => requestsPerSecond))
}

function tableOf(caption: string, runs: readonly Measured[]): Table {
  const own = runs.find(({ proxy }) => proxy === SOAPLANE)
  return {
    caption,
    head: ['proxy', 'requests/s', 'ratio', 'p50', 'p99', 'CPU/request', 'core used', 'RSS'],
    rows: runs.map((run) => [
      run.proxy,
      show.count(run.requestsPerSecond),
      own === undefined ? '' : show.ratio(own.requestsPerSecond / run.requestsPerSecond),
      show.ms(run.p50Ms),
      show.ms(run.p99Ms),
      show.us(run.cpuUsPerRequest),
      show.percent(run.coreShare),
      show.megabytes(run.rssBytes),
    ]),
  }
}

function verdictsOf(caption: string, runs: readonly Measured[]): Verdict[] {
  const rateOf = (name: string) => runs.find(({ proxy }) => proxy === name)?.requestsPerSecond ?? Number.NaN
  return TARGETS.map(([peer, ratio]) =>
    atLeast(ratio, {
      what: `requests/s to ${peer}; ${caption}`,
      measured: rateOf(SOAPLANE) / rateOf(peer),
      show: show.ratio,
    }),
  )
}
