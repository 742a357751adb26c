import { type Logger, pino } from 'pino'

export type Log = Logger

/** One JSON line per event on standard output: a fixed sentence, varying fields. */
export function createLog(service: string, level: string): Log {
  return pino({
    base: { service },
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
}
