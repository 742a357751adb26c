import type { Endpoint, RegistryEntry } from '#lib/model/registry.ts'
import type { RegistryConfig } from './config.ts'
import { createDirectory, type Directory } from './directory/directory.ts'
import { createProber, type Prober, type ProberOptions } from './health/prober.ts'
import { type Verdict, verdictOf } from './health/verdict.ts'
import type { SoftState } from './inventory/page.ts'
import { createLeases, type Leases, type LeasesOptions } from './leases/leases.ts'
import { leaseRules } from './leases/rules.ts'

export interface Soft extends SoftState {
  readonly directory: Directory
  readonly prober: Prober
  readonly leases: Leases
}

/** The directory with what this process learns itself: probes and leases decide what it says of endpoints. */
export function createSoftState(
  config: RegistryConfig,
  env: Pick<LeasesOptions, 'log' | 'metrics' | 'clock'> & Pick<ProberOptions, 'random'>,
  { isDeaf, reap }: Pick<LeasesOptions, 'isDeaf' | 'reap'>,
): Soft {
  const verdict = (key: string, entry: RegistryEntry, endpoint: Endpoint): Verdict =>
    verdictOf({
      endpoint,
      check: entry.health,
      probe: prober.stateOf(key, endpoint.instance),
      isWithdrawn: leases.isWithdrawn(key, endpoint.instance),
    })
  const directory = createDirectory({
    healthOf: (key, entry, endpoint) => verdict(key, entry, endpoint).health,
    onDifference(change) {
      leases.sync(change)
      prober.sync(change)
    },
  })
  const prober = createProber({ ...env, maxProbes: config.maxProbes, onChange: directory.touch })
  const leases = createLeases({ ...env, rules: leaseRules(config), onChange: directory.touch, isDeaf, reap })
  return { directory, prober, leases, verdict, message: prober.reasonOf }
}
