import { setFlagsFromString } from 'node:v8'
import type { Clock } from './clock.ts'
import { type ConfigOf, readConfig, type Settings } from './config.ts'
import { reasonOf } from './error.ts'
import { createLog, type Log } from './log.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createLife, type Life, type Part, run } from './run.ts'

/** What every deployable is handed; `unready` speaks for the whole process. */
export interface MainEnv {
  readonly log: Log
  readonly metrics: Metrics
  readonly random: () => number
  readonly unready: () => readonly string[]
}

/** What a deployable is composed with: the process's things, and the clock. */
export interface ServiceEnv extends MainEnv {
  readonly clock: Clock
}

/** Settings every deployable has. */
interface Common {
  readonly logLevel?: unknown
  readonly logFormat?: unknown
  readonly drainDelayMs?: unknown
}

/** The whole of a deployable's main: configuration (checked before any socket opens), parts, life. Ends with the process. */
export async function main<const S extends Settings>(
  service: string,
  settings: S,
  compose: (config: ConfigOf<S>, env: MainEnv) => readonly Part[] | Promise<readonly Part[]>,
): Promise<void> {
  let life: Life | undefined
  try {
    const config = readConfig(service, settings, process.argv.slice(2), process.env)
    collectEarly()
    const { logLevel, logFormat, drainDelayMs } = config as Common
    const log = createLog(
      service,
      typeof logLevel === 'string' ? logLevel : 'info',
      logFormat === 'text' ? 'text' : 'json',
    )
    const unready = () => life?.unready() ?? ['process: starting']
    life = createLife(await compose(config, { log, metrics: createMetrics(), random: Math.random, unready }))
    await run(life, { log, drainDelayMs: typeof drainDelayMs === 'number' ? drainDelayMs : 0 })
  } catch (error) {
    process.stderr.write(`${service}: ${reasonOf(error)}\n`)
    process.exitCode = 1
  }
}

/**
 * Collected once the heap is this much above what was live, not at a multiple: a table replaced now and then is garbage, and
 * a process should not hold several times what it needs. No bound on what it may need. Not before the configuration is read:
 * V8 refuses code that was compiled ahead under other flags, and what the image holds was compiled by `--help`.
 */
function collectEarly(): void {
  setFlagsFromString('--heap-growing-percent=30')
}
