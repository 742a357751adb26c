import type { Clock } from '#lib/clock.ts'
import type { Log } from '#lib/log.ts'

/** Tells of upstream failures once a second and service: an outage must not become a flood of lines. */
export interface Failures {
  readonly tell: (service: string, reason: string, error: string) => void
  readonly forget: (service: string) => void
}

const EVERY_MS = 1_000

export function createFailures(log: Log, clock: Clock): Failures {
  const told = new Map<string, { readonly at: number; more: number }>()
  return {
    tell(service, reason, error) {
      const last = told.get(service)
      const now = clock.monotonic()
      if (last !== undefined && now - last.at < EVERY_MS) {
        last.more++
        return
      }
      told.set(service, { at: now, more: 0 })
      log.warn({ service, reason, error, suppressed: last?.more ?? 0 }, 'Upstream failed')
    },
    forget: (service) => void told.delete(service),
  }
}
