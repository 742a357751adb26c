import type { RateLimit } from '#lib/model/gateway.ts'
import { createBook } from '#services/gateway/limits/book.ts'
import { createDecide } from '#services/gateway/limits/decide.ts'
import { below, type Report, show } from '#test/kit/measure/report.ts'
import { percentile } from '#test/kit/measure/statistics.ts'
import type { Bench } from './bench.ts'

const WARM_UP = 300_000
const TURNS = 15
const PER_TURN = 200_000
const MAX_KEYS = 100_000

interface Case {
  readonly what: string
  readonly limits: readonly RateLimit[]
  readonly keys: number
  /** Between one decision and the next, on the clock that the decisions are told: what share of them is admitted. */
  readonly stepMs: number
}

const CASES: readonly Case[] = [
  { what: '5/10s, one key, nearly all refused', limits: [limitOf('a', 5)], keys: 1, stepMs: 0.01 },
  { what: '1,000/10s, one key, half admitted', limits: [limitOf('a', 1_000)], keys: 1, stepMs: 5 },
  { what: '1,000,000/10s, one key, all admitted', limits: [limitOf('a', 1_000_000)], keys: 1, stepMs: 0.02 },
  { what: '5/10s, 10,000 keys, half admitted', limits: [limitOf('a', 5)], keys: 10_000, stepMs: 0.1 },
  { what: '5/10s and 100/10s stacked', limits: [limitOf('a', 5), limitOf('b', 100)], keys: 1, stepMs: 1_000 },
]

interface Timed {
  readonly what: string
  readonly admittedShare: number
  /** Mean of each turn. */
  readonly nsByTurn: readonly number[]
}

/** What one decision of the limiter costs, told its time, without a socket. */
export const limiter: Bench = async ({ tell }) => {
  const timed = CASES.map((each) => {
    const outcome = time(each)
    tell(`${each.what}: ${show.ns(percentile(outcome.nsByTurn, 50))}`)
    return outcome
  })
  return { report: reportOf(timed), raw: timed }
}

function limitOf(id: string, limit: number): RateLimit {
  const key = { by: 'header', header: 'x-client' } as const
  return { id, name: id, limit, periodMs: 10_000, key, scope: 'replica', onError: 'local', mode: 'Enforce' }
}

function time({ what, limits, keys, stepMs }: Case): Timed {
  const book = createBook({ maxKeys: MAX_KEYS })
  book.configure(limits)
  const decide = createDecide({ onOverflow: 'refuse', overflowed: () => {} })
  const asks = Array.from({ length: keys }, (_, i) =>
    limits.map((limit) => ({ counters: book.of(limit), key: `client-${i}` })),
  )
  let now = 0
  let decided = 0
  let admitted = 0

  function turn(count: number): number {
    const from = performance.now()
    for (let i = 0; i < count; i++) {
      now += stepMs
      const verdicts = decide(asks[decided++ % keys] ?? [], now)
      if (verdicts.every(({ ok }) => ok)) admitted += 1
    }
    return ((performance.now() - from) * 1e6) / count
  }

  turn(WARM_UP)
  const nsByTurn = Array.from({ length: TURNS }, () => turn(PER_TURN))
  return { what, admittedShare: admitted / decided, nsByTurn }
}

function reportOf(timed: readonly Timed[]): Report {
  const slowest = Math.max(...timed.map(({ nsByTurn }) => percentile(nsByTurn, 50)))
  return {
    name: 'limiter',
    title: 'A decision of the limiter',
    method: [
      `${TURNS} turns of ${show.count(PER_TURN)} decisions in one process, after a warm-up; the mean of the middle turn and of the slowest.`,
    ],
    tables: [
      {
        caption: 'Per decision',
        head: ['', 'admitted', 'middle', 'slowest'],
        rows: timed.map(({ what, admittedShare, nsByTurn }) => [
          what,
          show.percent(admittedShare),
          show.ns(percentile(nsByTurn, 50)),
          show.ns(percentile(nsByTurn, 100)),
        ]),
      },
    ],
    verdicts: [below(1_000, { what: 'slowest kind of decision, middle turn', measured: slowest, show: show.ns })],
  }
}
