import { createMetrics } from '#lib/metrics.ts'
import type { RateLimit } from '#lib/model/gateway.ts'
import type { Peer } from '#lib/model/slice.ts'
import { createTable } from '#lib/table.ts'
import { createBook } from '#services/gateway/limits/book.ts'
import type { LimitSubject } from '#services/gateway/limits/contract.ts'
import { createDecide } from '#services/gateway/limits/decide.ts'
import { createLimiter } from '#services/gateway/limits/limiter.ts'
import { below, type Report, show, type Table } from '#test/kit/measure/report.ts'
import { percentile } from '#test/kit/measure/statistics.ts'
import { quietLog } from '#test/kit/quiet.ts'
import type { Bench } from './bench.ts'

const WARM_UP = 300_000
const TURNS = 15
const PER_TURN = 200_000
const MAX_KEYS = 100_000
const SETTINGS = {
  limitMaxKeys: MAX_KEYS,
  limitOnOverflow: 'refuse',
  limitPeerTimeoutMs: 50,
  limitHandoverMs: 250,
} as const

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
  const decisions = CASES.map(timeDecision)
  const admissions = CASES.map(timeAdmission)
  for (const { what, nsByTurn } of decisions) tell(`${what}: ${show.ns(percentile(nsByTurn, 50))}`)
  return { report: reportOf(decisions, admissions), raw: { decisions, admissions } }
}

function limitOf(id: string, limit: number): RateLimit {
  const key = { by: 'header', header: 'x-client' } as const
  return { id, name: id, limit, periodMs: 10_000, key, scope: 'cluster', onError: 'local', mode: 'Enforce' }
}

// The decision alone: whose turn it is, the log, the answer.
function timeDecision({ what, limits, keys, stepMs }: Case): Timed {
  const book = createBook({ maxKeys: MAX_KEYS })
  book.configure(limits)
  const decide = createDecide({ onOverflow: 'refuse', overflowed: () => {} })
  const asks = Array.from({ length: keys }, (_, i) =>
    limits.map((limit) => ({ counters: book.of(limit), key: `client-${i}` })),
  )
  return timed(what, keys, stepMs, (key, now) => decide(asks[key] ?? [], now).every(({ ok }) => ok))
}

// All that a request pays where this replica owns the counter: key, ownership, decision, response fields, metrics.
function timeAdmission({ what, limits, keys, stepMs }: Case): Timed {
  let now = 0
  const { limiter: own } = createLimiter({
    replica: 'bench',
    peers: createTable<readonly Peer[]>([{ id: 'bench', url: 'http://127.0.0.1:1' }]),
    token: undefined,
    log: quietLog(),
    metrics: createMetrics({ process: false }),
    clock: { now: () => now, monotonic: () => now },
    random: Math.random,
    settings: SETTINGS,
  })
  own.configure(limits)
  const subjects = Array.from({ length: keys }, (_, i) => subjectOf(`client-${i}`))
  return timed(what, keys, stepMs, (key, at) => {
    now = at
    const admission = own.admit(limits, subjects[key] as LimitSubject)
    if (admission instanceof Promise) throw new Error('A counter of the only replica was asked of another')
    return admission.admitted
  })
}

function subjectOf(client: string): LimitSubject {
  return { clientIp: () => client, header: () => client, consumer: () => client }
}

function timed(what: string, keys: number, stepMs: number, decide: (key: number, now: number) => boolean): Timed {
  let now = 0
  let decided = 0
  let admitted = 0
  function turn(count: number): number {
    const from = performance.now()
    for (let i = 0; i < count; i++) {
      now += stepMs
      if (decide(decided++ % keys, now)) admitted += 1
    }
    return ((performance.now() - from) * 1e6) / count
  }
  turn(WARM_UP)
  const nsByTurn = Array.from({ length: TURNS }, () => turn(PER_TURN))
  return { what, admittedShare: admitted / decided, nsByTurn }
}

function reportOf(decisions: readonly Timed[], admissions: readonly Timed[]): Report {
  const slowest = (all: readonly Timed[]) => Math.max(...all.map(({ nsByTurn }) => percentile(nsByTurn, 50)))
  return {
    name: 'limiter',
    title: 'A decision of the limiter',
    method: [
      `${TURNS} turns of ${show.count(PER_TURN)} in one process, after a warm-up; the mean of the middle turn and of the slowest.`,
      'An admission is a decision with all around it that a request pays: key, ownership, response fields, metrics.',
    ],
    tables: [tableOf('Decision', decisions), tableOf('Admission', admissions)],
    verdicts: [below(1_000, { what: 'slowest kind of decision', measured: slowest(decisions), show: show.ns })],
  }
}

function tableOf(caption: string, all: readonly Timed[]): Table {
  return {
    caption,
    head: ['', 'admitted', 'middle', 'slowest'],
    rows: all.map(({ what, admittedShare, nsByTurn }) => [
      what,
      show.percent(admittedShare),
      show.ns(percentile(nsByTurn, 50)),
      show.ns(percentile(nsByTurn, 100)),
    ]),
  }
}
