import { type Clock, systemClock } from '#lib/clock.ts'
import { type ConfigOf, readConfig, type Settings } from '#lib/config.ts'
import type { Log } from '#lib/log.ts'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import { createLife, type Part } from '#lib/run.ts'
import { quietLog } from './quiet.ts'

/** What every deployable's composition is handed. */
export interface Env {
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
  readonly unready: () => readonly string[]
}

export type Running<T> = T & {
  readonly metrics: Metrics
  readonly unready: () => readonly string[]
  /** Drains and stops as SIGTERM does; throws with the parts that held on. Stopping twice is stopping once. */
  readonly stop: () => Promise<void>
}

/** Runs a deployable inside of this process, configured as by flags and by nothing else; started when it resolves. */
export async function inProcess<const S extends Settings, T extends { readonly parts: readonly Part[] }>(
  name: string,
  settings: S,
  flags: Readonly<Record<string, string>>,
  compose: (config: ConfigOf<S>, env: Env) => T | Promise<T>,
): Promise<Running<T>> {
  const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value])
  const config = readConfig(name, settings, args, {})
  const metrics = createMetrics({ process: false })
  const unready = () => life.unready()
  const made = await compose(config, { log: quietLog(), metrics, clock: systemClock, random: Math.random, unready })
  const life = createLife(made.parts)
  let stopped: Promise<void> | undefined
  async function stop(): Promise<void> {
    life.drain()
    const heldOn = await life.stop(10_000)
    if (heldOn.length > 0) throw new Error(`${name}: held on past the deadline: ${heldOn.join(', ')}`)
  }
  try {
    await life.start()
  } catch (error) {
    await life.stop(10_000)
    throw error
  }
  return {
    ...made,
    metrics,
    unready,
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}
