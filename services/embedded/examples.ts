import { join } from 'node:path'
import type { Part } from '#lib/run.ts'
import { EXAMPLES, type Examples, examples } from '#services/examples/parts.ts'
import { type EmbeddedConfig, hasBroker } from './config.ts'
import { type Deployable, deployable } from './deployable.ts'
import { applySamples, removeSamples, type SampleKey } from './samples.ts'
import { removeWayToBus } from './way-to-bus.ts'

const SAMPLES = join(import.meta.dirname, '../../k8s/samples')

export interface SamplesPart extends Part {
  /** What was applied; once started. */
  readonly keys: () => readonly SampleKey[]
}

/** The example services, and the resources that declare them. */
export function examplesOf(config: EmbeddedConfig): {
  readonly examples: Deployable<Examples>
  readonly samples: SamplesPart
} {
  const at = { host: config.host, port: config.examplesPort }
  const run = config.samples ? EXAMPLES.map(({ name }) => name) : []
  const little = deployable('examples', config, (env) => examples({ ...at, run }, env))
  const target = join(config.folder, 'samples')
  let keys: readonly SampleKey[] = []
  const samples: SamplesPart = {
    name: 'samples',
    async start() {
      // Endpoints of an earlier run would mislead.
      await Promise.all([removeSamples(target), removeWayToBus(config.folder)])
      if (!config.samples) return
      keys = await applySamples(SAMPLES, target, { running: little.it().urls(), bus: hasBroker(config) })
    },
    stop() {},
    keys: () => keys,
  }
  return { examples: little, samples }
}
