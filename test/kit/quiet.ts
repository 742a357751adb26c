import { pino } from 'pino'
import type { Log } from '#lib/log.ts'

/** A log for tests: silent unless LOG=debug (or another level) is set. */
export function quietLog(): Log {
  return pino({ level: process.env.LOG ?? 'silent' })
}
