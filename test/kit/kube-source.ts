import { createElector, type Elector } from '#controller/leader/lease.ts'
import { createKubeSource } from '#controller/watch/kube.ts'
import type { Source } from '#controller/watch/source.ts'
import { systemClock } from '#lib/clock.ts'
import { createKube, type Kube } from '#lib/kube.ts'
import { createLog } from '#lib/log.ts'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import { createLife } from '#lib/run.ts'
import { QUICK } from './reflecting.ts'

export interface SourceBed {
  readonly kube: Kube
  readonly source: Source
  readonly elector: Elector
  readonly metrics: Metrics
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** The Kubernetes source with its elector, as the controller composes them. */
export async function kubeSource(kubeconfig: string, namespace: string, identity = 'test'): Promise<SourceBed> {
  const metrics = createMetrics({ process: false })
  const kube = await createKube({ kubeconfig, metrics })
  const shared = { kube, metrics, identity, clock: systemClock, random: Math.random, log: createLog('test', 'silent') }
  const elector = createElector({
    ...shared,
    namespace,
    name: 'soaplane-controller',
    controlUrl: () => `http://${identity}`,
  })
  const source = createKubeSource({ ...shared, namespace, elector, pace: QUICK })
  const life = createLife(source.parts)
  return {
    kube,
    source,
    elector,
    metrics,
    start: life.start,
    async stop() {
      const heldOn = await life.stop(10_000)
      await kube.close()
      if (heldOn.length > 0) throw new Error(`held on: ${heldOn}`)
    },
  }
}
