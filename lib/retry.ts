export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
}

/** Milliseconds before try `attempt` (0 = first retry): exponential with full jitter, never under half of the base. */
export function backoffMs({ baseMs, maxMs }: Backoff, attempt: number, random: () => number): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
  return Math.max(baseMs / 2, ceiling * random())
}

/** `value` moved by up to `share` of itself either way, so that a fleet does not act in step. */
export function jittered(value: number, share: number, random: () => number): number {
  return value * (1 + share * (2 * random() - 1))
}
