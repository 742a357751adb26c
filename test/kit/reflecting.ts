import { createReflector, type Pace, type Reflector } from '#controller/watch/reflector.ts'
import { slim } from '#controller/watch/slim.ts'
import { watchMetrics } from '#controller/watch/watch-metrics.ts'
import { systemClock } from '#lib/clock.ts'
import { createKube, type Kube, type KubeObject } from '#lib/kube.ts'
import { createLog } from '#lib/log.ts'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import { THINGS } from './fake-kube.ts'

export interface Reflecting {
  readonly reflector: Reflector<KubeObject>
  readonly kube: Kube
  readonly metrics: Metrics
  /** How often a change was told. */
  readonly changes: () => number
  /** `name@resourceVersion` of each object held, sorted. */
  readonly held: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** Times short enough for tests, in the same proportions. */
export const QUICK: Partial<Pace> = { healthyMs: 200, backoff: { baseMs: 20, maxMs: 100 } }

/** A reflector over a kubeconfig's API, by the product's own transport. */
export async function reflecting(
  kubeconfig: string,
  options: { pace?: Partial<Pace>; path?: string; onChange?: () => void; deadlineMs?: number } = {},
): Promise<Reflecting> {
  const metrics = createMetrics({ process: false })
  const { pace, path = THINGS, onChange, deadlineMs = 5_000 } = options
  const kube = await createKube({ kubeconfig, metrics, deadlineMs })
  let changes = 0
  const reflector = createReflector<KubeObject>({
    kind: 'things',
    path,
    kube,
    ingest: slim,
    absent: 'things are not installed: install them',
    onChange() {
      changes++
      onChange?.()
    },
    pace: { ...QUICK, ...pace },
    metrics: watchMetrics(metrics),
    clock: systemClock,
    random: Math.random,
    log: createLog('test', 'silent'),
  })
  return {
    reflector,
    kube,
    metrics,
    changes: () => changes,
    held: () =>
      [...reflector.objects().values()].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort(),
    async stop() {
      await reflector.stop()
      await kube.close()
    },
  }
}
