import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { httpPart, sameSecret } from '#lib/http.ts'
import type { ServiceEnv } from '#lib/main.ts'
import type { Part } from '#lib/run.ts'
import { wsPart } from '#lib/ws.ts'
import type { ControllerConfig } from './config.ts'
import { controlApi } from './http.ts'
import { createHub, type Hub } from './publish/hub.ts'
import { progressIn } from './publish/progress.ts'
import { createRelay } from './publish/relay.ts'
import { everyReplica } from './publish/replicas.ts'
import { conditionGauge } from './status/gauge.ts'
import { createStatusWriter } from './status/writer.ts'
import { NOTHING, type Translation, translate } from './translate/translate.ts'
import { esbService, withBuiltin } from './watch/builtin.ts'
import { openSource } from './watch/open.ts'
import { createQueue } from './watch/queue.ts'
import type { Source } from './watch/source.ts'

export interface Controller {
  readonly parts: readonly Part[]
  readonly url: () => string
  readonly source: Source
}

/** watch → translate → publish → status, in the order of DESIGN §3; one queue of one key drives it. */
export async function controller(config: ControllerConfig, env: ServiceEnv): Promise<Controller> {
  const { log, metrics, clock, random } = env
  const id = `${hostname()}_${randomUUID()}`
  const url = () => config.advertisedUrl ?? api.url()
  const { source: stored, errors, leaderUrl } = await openSource(config, { ...env, id, url })
  const { esbService: bus, watchNamespace } = config
  const source = bus === undefined ? stored : withBuiltin(stored, esbService(bus, watchNamespace))
  let translation: Translation = NOTHING

  const queue = createQueue({
    name: 'translate',
    metrics,
    clock,
    random,
    log,
    work() {
      // Nothing is withdrawn on the word of a source that has not listed all yet.
      if (!source.synced()) return
      translation = translate(source.world(), translation)
      hub.publish(translation.model)
      status.touch()
    },
  })
  source.onChange((what) => (what === 'desired' ? queue.add() : status.touch()))

  const hub: Hub = createHub({
    clock,
    log,
    metrics,
    refuse: ({ headers }) => (isAllowed(config.controlToken, headers.authorization) ? undefined : 401),
    elsewhere: () => relay.elsewhere(),
  })
  const status = createStatusWriter({
    source,
    verdicts: () => translation.verdicts.values(),
    progress: () => progressIn(hub.published(), everyReplica(hub.replicas().values(), relay.elsewhere())),
    clock,
    random,
    log,
    metrics,
    settleMs: config.settleMs,
  })
  hub.onReplicas(status.touch)
  conditionGauge(metrics, source.objects)
  const relay = createRelay({
    controller: id,
    hub: () => hub,
    leaderUrl: () => (source.leads() ? undefined : leaderUrl()),
    token: config.controlToken,
    onChange() {
      hub.tellPeers()
      status.touch()
    },
    clock,
    log,
  })
  const app = controlApi({ source, hub, relay, errors, token: config.controlToken, log, metrics, unready: env.unready })
  const api = httpPart('control API', app, config)
  // The API first: its URL goes into the lease, and a controller that waits for its source should say so.
  const parts = [queue, api, ...source.parts, status, relay, wsPart('feed', api.server, hub.routes)]
  return { parts, url: () => api.url(), source }
}

function isAllowed(token: string | undefined, authorization: string | undefined): boolean {
  return token === undefined || sameSecret(authorization ?? '', `Bearer ${token}`)
}
