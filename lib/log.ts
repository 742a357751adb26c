import { type Logger, pino } from 'pino'
import { textOf } from './log/text.ts'

export type Log = Logger
export type LogFormat = 'json' | 'text'

/** One JSON line per event on standard output: a fixed sentence, varying fields. As text it is for a person at a terminal. */
export function createLog(service: string, level: string, format: LogFormat = 'json'): Log {
  const options = {
    base: { service },
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  if (format === 'json') return pino(options)
  return pino(options, { write: (json) => void process.stdout.write(`${textOf(JSON.parse(json))}\n`) })
}
