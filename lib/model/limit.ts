import { durationMs } from './duration.ts'

const SHAPE = /^\s*(\d{1,7})\s*\/\s*(\S+)\s*$/
const MAX_LIMIT = 1_000_000
const MIN_PERIOD_MS = 100
const MAX_PERIOD_MS = 24 * 3_600_000

export type ParsedLimit =
  | { readonly ok: true; readonly limit: number; readonly periodMs: number }
  | { readonly ok: false; readonly why: string }

/** Reads `N/D`, at most N requests in any trailing D, such as `5/10s`: N 0 to 1,000,000, D a GEP-2257 duration from 100ms to 24h. */
export function parseLimit(text: string): ParsedLimit {
  const [, count, period] = SHAPE.exec(text) ?? []
  if (count === undefined || period === undefined)
    return { ok: false, why: 'must look like 5/10s: a count, a slash, a duration' }
  const limit = Number(count)
  if (limit > MAX_LIMIT) return { ok: false, why: `the count must be from 0 to ${MAX_LIMIT}` }
  const periodMs = durationMs(period)
  if (periodMs === undefined) return { ok: false, why: `"${period}" is no duration; write it like 10s, 1m30s or 500ms` }
  if (periodMs < MIN_PERIOD_MS || periodMs > MAX_PERIOD_MS)
    return { ok: false, why: 'the duration must be from 100ms to 24h' }
  return { ok: true, limit, periodMs }
}
