import { durationMs } from '#lib/model/duration.ts'

const DEFAULT_MS = 300_000
const MAX_MS = 600_000

/** Milliseconds a long poll may wait: a duration or a number of seconds, ten minutes at most; undefined for anything else. */
export function waitMs(wait: string | undefined): number | undefined {
  if (wait === undefined) return DEFAULT_MS
  const ms = /^[0-9]{1,6}$/.test(wait) ? Number(wait) * 1_000 : durationMs(wait)
  return ms === undefined || ms > MAX_MS ? undefined : ms
}

/** Up to a sixteenth longer, so that waits begun together do not end together. */
export function spreadOut(ms: number, random: () => number): number {
  return ms + (ms / 16) * random()
}
