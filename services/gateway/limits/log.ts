/**
 * An exact sliding log: the stamps of what was admitted, newest `limit` of them, in a ring that grows as it fills.
 *
 *      oldest                newest          window (now − periodMs, now]: the limit-th newest stamp decides alone,
 *   ──┬──┬─────┬──┬────────────┬──► now      so a decision costs the same for any limit
 *     └──────── limit ─────────┘
 *
 * Data and functions rather than an object with methods: there may be a hundred thousand of them.
 */
export interface SlidingLog {
  stamps: number[]
  /** Index of the newest stamp. */
  newest: number
  size: number
}

export interface Rule {
  readonly limit: number
  readonly periodMs: number
}

/** Slots of a fresh log: most keys come a few times and never again. */
const FIRST_SLOTS = 4

export function emptyLog(limit: number): SlidingLog {
  return { stamps: slots(Math.min(FIRST_SLOTS, limit)), newest: -1, size: 0 }
}

// NaN and not 0: the array then holds unboxed doubles from the start.
function slots(count: number): number[] {
  return new Array<number>(count).fill(Number.NaN)
}

/** The stamp `back` places before the newest; `back` must be under `size`. */
function stampAt(log: SlidingLog, back: number): number {
  const index = log.newest - back
  return log.stamps[index < 0 ? index + log.stamps.length : index] as number
}

/** Whether one more fits into the window that ends now. */
export function admits(log: SlidingLog, { limit, periodMs }: Rule, now: number): boolean {
  return limit > log.size || (limit > 0 && stampAt(log, limit - 1) <= now - periodMs)
}

/** Logs an admission; `now` must not be before the newest stamp. */
export function record(log: SlidingLog, limit: number, now: number): void {
  if (log.stamps.length > limit || (log.size === log.stamps.length && log.size < limit)) resize(log, limit)
  log.newest = log.newest + 1 === log.stamps.length ? 0 : log.newest + 1
  log.stamps[log.newest] = now
  if (log.size < log.stamps.length) log.size++
}

/** Takes back one admission, as if it had never been; false when it is not in the log (any more). */
export function release(log: SlidingLog, stamp: number): boolean {
  let back = 0
  while (back < log.size && stampAt(log, back) > stamp) back++
  if (back === log.size || stampAt(log, back) !== stamp) return false
  const newer = newestOf(log, back)
  log.newest = (log.newest - back - 1 + log.stamps.length) % log.stamps.length
  log.size -= back + 1
  for (const each of newer) record(log, log.stamps.length, each)
  return true
}

/** Adopts stamps (ascending) that another replica admitted: what stays is the newest `limit` of both. */
export function merge(log: SlidingLog, limit: number, stamps: readonly number[]): void {
  const all = [...newestOf(log, log.size), ...stamps].sort((a, b) => a - b)
  refill(log, limit === 0 ? [] : all.slice(-limit), Math.min(limit, Math.max(FIRST_SLOTS, all.length)))
}

/** Stamps within the window that ends now, by bisection. */
export function countIn(log: SlidingLog, periodMs: number, now: number): number {
  const edge = now - periodMs
  let [low, high] = [0, log.size]
  if (high > 0 && stampAt(log, high - 1) > edge) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if (stampAt(log, middle) > edge) low = middle + 1
    else high = middle
  }
  return low
}

/** Milliseconds until one more unit is free than now; 0 when none is in use, one period when the limit is 0. */
export function waitMs(log: SlidingLog, { limit, periodMs }: Rule, used: number, now: number): number {
  if (limit === 0) return periodMs
  return used === 0 ? 0 : stampAt(log, Math.min(used, limit) - 1) + periodMs - now
}

/** Whether nothing of the log lies in the window any more: to forget it changes no decision. */
export function isExpired(log: SlidingLog, periodMs: number, now: number): boolean {
  return log.size === 0 || stampAt(log, 0) <= now - periodMs
}

/** The newest `count` stamps, ascending. */
export function newestOf(log: SlidingLog, count: number): number[] {
  const length = Math.min(count, log.size)
  return Array.from({ length }, (_, i) => stampAt(log, length - 1 - i))
}

// A new limit keeps the newest stamps, as many as both allow, and so never resets the count; a new period needs nothing.
function resize(log: SlidingLog, limit: number): void {
  refill(log, newestOf(log, limit), Math.min(limit, Math.max(FIRST_SLOTS, log.size * 2)))
}

function refill(log: SlidingLog, stamps: readonly number[], capacity: number): void {
  log.stamps = slots(capacity)
  for (let i = 0; i < stamps.length; i++) log.stamps[i] = stamps[i] as number
  log.newest = stamps.length - 1
  log.size = stamps.length
}
