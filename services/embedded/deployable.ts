import { systemClock } from '#lib/clock.ts'
import { SoaError } from '#lib/error.ts'
import { createLog } from '#lib/log.ts'
import type { ServiceEnv } from '#lib/main.ts'
import { createMetrics } from '#lib/metrics.ts'
import { createLife, type Life, type Part } from '#lib/run.ts'
import type { EmbeddedConfig } from './config.ts'

export interface Deployable<T> extends Part {
  /** What was composed; only once started. */
  readonly it: () => T
}

const STOP_MS = 10_000

/**
 * A whole deployable as one part of this process, with a life, a log and metrics of its own. It is composed when it starts:
 * by then the ones before it know where they listen.
 */
export function deployable<T extends { readonly parts: readonly Part[] }>(
  name: string,
  { logLevel, logFormat }: Pick<EmbeddedConfig, 'logLevel' | 'logFormat'>,
  compose: (env: ServiceEnv) => T | Promise<T>,
): Deployable<T> {
  let composed: T | undefined
  let life: Life | undefined
  const unready = () => life?.unready() ?? ['process: starting']

  async function start(): Promise<void> {
    const log = createLog(name, logLevel, logFormat)
    const metrics = createMetrics({ process: false })
    composed = await compose({ log, metrics, clock: systemClock, random: Math.random, unready })
    life = createLife(composed.parts)
    try {
      await life.start()
    } catch (error) {
      await life.stop(STOP_MS)
      throw error
    }
  }

  async function stop(): Promise<void> {
    const heldOn = (await life?.stop(STOP_MS)) ?? []
    if (heldOn.length > 0) throw new SoaError('SOA_INTERNAL', `${name}: held on by ${heldOn.join(', ')}`)
  }

  return {
    name,
    start,
    stop,
    drain: () => life?.drain(),
    unready: () => unready().join(', ') || undefined,
    it() {
      if (composed === undefined) throw new SoaError('SOA_INTERNAL', `${name} has not started`)
      return composed
    },
  }
}
