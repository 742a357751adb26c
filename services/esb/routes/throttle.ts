import type { Clock } from '#lib/clock.ts'
import { pause } from '#lib/kube/pause.ts'

/** At most `limit` messages in any trailing window of `periodMs`; the rest wait, in their order. */
export interface Throttle {
  /** Resolves when the message may go on. */
  readonly admitted: (signal: AbortSignal) => Promise<void>
}

export function createThrottle(rule: { readonly limit: number; readonly periodMs: number }, clock: Clock): Throttle {
  const { limit, periodMs } = rule
  // A ring of the last `limit` admissions: the next must be a period after the oldest of them.
  const admissions: number[] = []
  let next = 0
  let turn: Promise<void> = Promise.resolve()

  async function waited(signal: AbortSignal): Promise<void> {
    const oldest = admissions[next]
    const wait = oldest === undefined ? 0 : oldest + periodMs - clock.monotonic()
    if (wait > 0) await pause(wait, signal)
    if (signal.aborted) return
    admissions[next] = clock.monotonic()
    next = (next + 1) % limit
  }

  return {
    admitted(signal) {
      turn = turn.then(() => waited(signal))
      return turn
    },
  }
}

/** How many messages may wait for their turn without coming near the time after which a broker takes them for forgotten. */
export function prefetchUnder(
  rules: readonly { readonly limit: number; readonly periodMs: number }[],
  prefetch: number,
): number {
  const bounds = rules.map(({ limit, periodMs }) => Math.max(1, Math.floor((limit * PATIENCE_MS) / periodMs)))
  return Math.min(prefetch, ...bounds)
}

const PATIENCE_MS = 600_000
