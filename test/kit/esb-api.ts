import { systemClock } from '#lib/clock.ts'
import { readConfig } from '#lib/config.ts'
import { httpPart } from '#lib/http.ts'
import { createMetrics } from '#lib/metrics.ts'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { createLife } from '#lib/run.ts'
import { wsPart } from '#lib/ws.ts'
import { openBroker } from '#services/esb/broker.ts'
import { type EsbConfig, settings } from '#services/esb/config.ts'
import { esbApi } from '#services/esb/http/api.ts'
import type { ApiDeps } from '#services/esb/http/route.ts'
import { createMediation } from '#services/esb/mediations/mediation.ts'
import { esbMetrics } from '#services/esb/metrics.ts'
import { createRoutes } from '#services/esb/routes/routes.ts'
import { createDeclarer } from '#services/esb/topology/declarer.ts'
import { tools } from '#test/gen/mediation.ts'
import { eventually } from './eventually.ts'
import { quietLog } from './quiet.ts'

/** The bus on a real broker without a controller: what it is to run is handed to it. */
export interface ApiBed {
  readonly url: string
  /** Resolves once these routes, and no others, take messages. */
  readonly run: (...entries: readonly MessageRouteEntry[]) => Promise<void>
  readonly metrics: () => Promise<string>
  /** Stops it as SIGTERM does; throws when a part holds on. */
  readonly stop: () => Promise<void>
}

const nobody: ApiDeps['call'] = async ({ serviceName }) => ({
  ok: false,
  failure: { class: 'Permanent', reason: 'ServiceFailed', message: `Nobody is to call ${serviceName}` },
})

export async function startApi(
  amqpUrl: string,
  overrides: Partial<EsbConfig> = {},
  call: ApiDeps['call'] = nobody,
): Promise<ApiBed> {
  const config: EsbConfig = { ...readConfig('esb', settings, [], {}), host: '127.0.0.1', port: 0, ...overrides }
  const env = { log: quietLog(), metrics: createMetrics({ process: false }), clock: systemClock, random: Math.random }
  const broker = openBroker(amqpUrl, env)
  const declarer = createDeclarer(broker.consuming, config.instance, env.log)
  const routes = createRoutes({
    ...{ ...env, broker, declarer, settings: config, call },
    topologyIntervalMs: config.topologyIntervalMs,
    compile: (entry) => createMediation(entry, tools),
    metrics: esbMetrics(env.metrics, () => routes.running()),
  })
  const { app, sockets, parts } = esbApi({
    ...{ ...env, config, broker, call, expressions: tools.expressions, base: declarer.base, depth: declarer.depth },
    running: routes.running,
    ...{ version: () => 'v1', isStale: () => false, unready: () => life.unready() },
  })
  const api = httpPart('esb', app, config)
  const life = createLife([api, wsPart('channels', api.server, sockets, 1_024), ...broker.parts, routes, ...parts])
  await life.start()
  await eventually(() => {
    const reasons = life.unready()
    if (reasons.length > 0) throw new Error(reasons.join('; '))
  })
  return {
    url: api.url(),
    run: (...entries) => routes.apply(new Map(entries.map((entry) => [`${entry.namespace}/${entry.object}`, entry]))),
    metrics: env.metrics.text,
    async stop() {
      life.drain()
      const heldOn = await life.stop(10_000)
      if (heldOn.length > 0) throw new Error(`held on: ${heldOn.join(', ')}`)
    },
  }
}
