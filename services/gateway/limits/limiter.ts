import type { Clock } from '#lib/clock.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Peer } from '#lib/model/slice.ts'
import type { Part } from '#lib/run.ts'
import type { Table } from '#lib/table.ts'
import type { WsRoute } from '#lib/ws.ts'
import { admissionOf, UNLIMITED } from './admission.ts'
import { createBook } from './book.ts'
import type { Limiter } from './contract.ts'
import { type Ask, createDecide } from './decide.ts'
import { fallback } from './fallback.ts'
import { keyValue } from './key.ts'
import { limitMetrics } from './metrics.ts'
import { createReplica } from './replica.ts'
import type { LimitSettings } from './settings.ts'

export interface LimiterOptions {
  /** Unique a replica and stable while the process lives. */
  readonly replica: string
  /** Ready replicas, this one among them. */
  readonly peers: Table<readonly Peer[]>
  /** The control token: what peers show each other. */
  readonly token: string | undefined
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
  readonly settings: LimitSettings
}

/** How often expired logs are looked for when no new key does it. */
const SWEEP_MS = 1_000

/**
 * The gateway's rate limiter: at most N requests in any trailing window, exactly, over all replicas.
 *
 *   admit ─► keys ─► take ─┬─ held here ──────────► decide ─────────────► admission: headers, names, counts
 *                          └─ another's ─► peer ──► its decide, or onError
 *
 * What can make it inexact, and by how much (per counter and window):
 *   an owner out of reach, onError local   N + max(N, replicas) in all while it lasts
 *   an owner that crashes                  N more: its log is lost. Leaving and joining lose nothing
 *   a change of members that overtakes the handover of the last, or a handover that takes longer than limitHandoverMs
 *                                          N more, as by a crash
 *   several owners and a late refusal      a unit is reserved for the round trips in between, so another request may be
 *                                          refused in that time
 *   an answer that comes after its timeout a unit stays taken, unused, for one period
 */
export function createLimiter(options: LimiterOptions): {
  readonly limiter: Limiter
  readonly parts: readonly Part[]
  readonly routes: readonly WsRoute[]
} {
  const { metrics, clock, settings } = options
  const book = createBook({ maxKeys: settings.limitMaxKeys })
  const counts = limitMetrics(metrics, book)
  const decide = createDecide({ onOverflow: settings.limitOnOverflow, overflowed: counts.overflowed })
  const replica = createReplica({ ...options, book, decide, observe: counts.peerCall })
  const own = {
    hops: 0,
    unreachable: (asks: readonly Ask[]) => fallback(decide, asks, clock.monotonic(), replica.count()),
  }

  const limiter: Limiter = {
    admit(limits, subject) {
      if (limits.length === 0) return UNLIMITED
      const asks = limits.map((limit): Ask => ({ counters: book.of(limit), key: keyValue(limit.key, subject) }))
      const answers = replica.take(asks, own)
      if (answers instanceof Promise) return answers.then((late) => admissionOf(asks, late, counts))
      return admissionOf(asks, answers, counts)
    },
    configure(limits) {
      book.configure(limits)
      counts.keep(book.inForce())
    },
  }
  return { limiter, parts: [replica.part, sweeper(() => book.sweep(clock.monotonic()))], routes: [replica.route] }
}

function sweeper(sweep: () => void): Part {
  let timer: NodeJS.Timeout | undefined
  return {
    name: 'limit sweep',
    start() {
      timer = setInterval(sweep, SWEEP_MS)
    },
    stop: () => clearInterval(timer),
  }
}
