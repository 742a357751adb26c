import type { TestProject } from 'vitest/node'
import { startCluster } from './cluster.ts'
import type { ClusterFacts } from './facts.ts'

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ClusterFacts
  }
}

/** Global set-up of the e2e project: one cluster for all its files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...facts } = await startCluster()
  project.provide('cluster', facts)
  return stop
}
