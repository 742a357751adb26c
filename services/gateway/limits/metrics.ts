import type { Metrics } from '#lib/metrics.ts'
import type { RateLimit } from '#lib/model/gateway.ts'
import type { Book } from './book.ts'

/** How a limit's answer came about; the last two when its owner could not be asked (`onError: local` admits or rejects). */
export const DECISIONS = ['admitted', 'rejected', 'audit', 'error_open', 'error_closed'] as const
export type Decision = (typeof DECISIONS)[number]

export interface LimitMetrics {
  readonly count: (policy: string, decision: Decision) => void
  /** The owner of a counter could not be asked. */
  readonly unasked: (policy: string) => void
  readonly overflowed: (policy: string) => void
  readonly peerCall: (ms: number) => void
  /** Forgets the series of limits that are no more. */
  readonly keep: (limits: Iterable<RateLimit>) => void
}

type Tally = Record<Decision | 'unasked' | 'overflow', number>
const PEER_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25] as const

/** Labelled by policy name alone: keys are attacker data. Decisions are tallied in plain numbers and moved at each scrape. */
export function limitMetrics(metrics: Metrics, book: Book): LimitMetrics {
  const tallies = new Map<string, Tally>()
  // Before the counters: a scrape collects in the order of registration, and this moves the tallies into them.
  metrics.gauge('soa_gateway_ratelimit_keys', 'Keys counted on this replica', ['policy'], (gauge) => {
    for (const counters of book.all()) gauge.inc({ policy: counters.limit().name }, counters.size())
    flush()
  })
  const decisions = metrics.counter('soa_gateway_ratelimit_decisions_total', 'Answers of rate limits', [
    'policy',
    'decision',
  ])
  const unasked = metrics.counter(
    'soa_gateway_ratelimit_unasked_total',
    'Answers given without the owner of the counter, which could not be asked',
    ['policy'],
  )
  const overflows = metrics.counter('soa_gateway_ratelimit_overflows_total', 'Requests whose new key found no room', [
    'policy',
  ])
  const calls = metrics.histogram(
    'soa_gateway_ratelimit_peer_seconds',
    'Time the owner of a counter took to answer',
    PEER_BUCKETS,
  )

  function flush(): void {
    for (const [policy, tally] of tallies) {
      for (const decision of DECISIONS) if (tally[decision] > 0) decisions.inc({ policy, decision }, tally[decision])
      if (tally.unasked > 0) unasked.inc({ policy }, tally.unasked)
      if (tally.overflow > 0) overflows.inc({ policy }, tally.overflow)
      Object.assign(tally, NOTHING)
    }
  }

  function add(policy: string, what: keyof Tally): void {
    const tally = tallies.get(policy)
    if (tally) tally[what]++
    else tallies.set(policy, { ...NOTHING, [what]: 1 })
  }

  function forget(policy: string): void {
    tallies.delete(policy)
    for (const decision of DECISIONS) decisions.remove({ policy, decision })
    unasked.remove({ policy })
    overflows.remove({ policy })
  }

  return {
    count: add,
    unasked: (policy) => add(policy, 'unasked'),
    overflowed: (policy) => add(policy, 'overflow'),
    peerCall: (ms) => calls.observe(ms / 1_000),
    keep(limits) {
      const names = new Set(Array.from(limits, ({ name }) => name))
      for (const policy of tallies.keys()) if (!names.has(policy)) forget(policy)
    },
  }
}

const NOTHING: Readonly<Tally> = {
  admitted: 0,
  rejected: 0,
  audit: 0,
  error_open: 0,
  error_closed: 0,
  unasked: 0,
  overflow: 0,
}
