import type { Verdict } from './verdict.ts'

export interface LedgerReport {
  readonly verdict: Verdict
  /** What was left where, streams left out. */
  readonly queued: ReadonlyMap<string, number>
  /** In the order in which they struck. */
  readonly faults: readonly string[]
  /** Tries of senders that ended without a confirm. */
  readonly retries: number
  readonly seed: number
  readonly loadMs: number
  readonly drainMs: number
}

const SHOWN = 10

/** For people: what was sent, what broke, where everything is. */
export function reportLines({
  verdict,
  queued,
  faults,
  retries,
  seed,
  loadMs,
  drainMs,
}: LedgerReport): readonly string[] {
  const { confirmed, lost, strangers } = verdict
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  return [
    `ledger, seed ${seed}: ${confirmed} of ${verdict.sent} messages confirmed in ${seconds(loadMs)} (${perSecond(confirmed, loadMs)}/s), at rest ${seconds(drainMs)} later`,
    `  delivered ${verdict.delivered} · dead ${verdict.dead} · unroutable ${verdict.unroutable} · still queued ${verdict.queued}`,
    `  duplicates ${verdict.duplicates} (${share(verdict.duplicates, confirmed)}) · in two kinds of place ${verdict.settledTwice} · sent again by senders ${retries}`,
    ...[...queued].map(([queue, count]) => `  ${count} left in ${queue}`),
    ...[...tally(faults)].map(([name, times]) => `  ${times} × ${name}`),
    `  lost ${named(lost)}`,
    `  strangers ${named(strangers)}`,
  ]
}

function named(ids: readonly string[]): string {
  if (ids.length === 0) return '0'
  return `${ids.length}: ${ids.slice(0, SHOWN).join(', ')}${ids.length > SHOWN ? ' …' : ''}`
}

function tally(names: readonly string[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1)
  return times
}

function perSecond(count: number, ms: number): number {
  return Math.round((count * 1_000) / ms)
}

function share(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(2)} %`
}
