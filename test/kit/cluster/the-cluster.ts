import { inject } from 'vitest'
import type { ClusterFacts } from './facts.ts'

/** The run's cluster, for a test file. */
export function theCluster(): ClusterFacts {
  return inject('cluster')
}
