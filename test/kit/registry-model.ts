import { createHub } from '#controller/publish/hub.ts'
import { systemClock } from '#lib/clock.ts'
import { controlApp, httpPart } from '#lib/http.ts'
import { createMetrics } from '#lib/metrics.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import { createLife } from '#lib/run.ts'
import { wsPart } from '#lib/ws.ts'
import { quietLog } from './quiet.ts'

/** The controller's feed alone, on a model that the test makes: for models that a folder would take long to hold. */
export interface ModelFeed {
  readonly url: string
  readonly publish: (entries: readonly RegistryEntry[]) => void
  readonly stop: () => Promise<void>
}

export async function modelFeed(): Promise<ModelFeed> {
  const metrics = createMetrics({ process: false })
  const hub = createHub({ clock: systemClock, log: quietLog(), metrics, refuse: () => undefined, elsewhere: () => [] })
  const api = httpPart('feed', controlApp({ metrics, unready: () => [] }), { host: '127.0.0.1', port: 0 })
  const life = createLife([api, wsPart('feed', api.server, hub.routes)])
  await life.start()
  return {
    url: api.url(),
    publish(entries) {
      const registry = new Map(entries.map((each) => [`${each.namespace}/${each.object}`, each]))
      hub.publish({ registry, gateway: new Map(), esb: new Map() })
    },
    async stop() {
      await life.stop(5_000)
    },
  }
}

/** Service number `n` of a large model. */
export function entryNumber(n: number, more: Partial<RegistryEntry> = {}): RegistryEntry {
  return {
    ...{ uid: `uid-${n}`, namespace: 'default', object: `service-${n}`, name: `Service${n}`, metadata: {} },
    ...{ version: '1.0.0', owner: `team-${n % 10}`, origin: 'declared', endpointsRev: `rev-${n}`, createdAt: '' },
    endpoints: [{ instance: 'default', url: `http://10.0.0.1:${10_000 + n}` }],
    ...more,
  }
}
