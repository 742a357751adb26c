import { SoaError } from '#lib/error.ts'
import { bearer, controlApp, type Express, endOf, jsonBody, problem, type Response } from '#lib/http.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import { KINDS } from './api/kinds.ts'
import { keyOf, type ManagedObject, type ServiceObject } from './api/objects.ts'
import type { Hub } from './publish/hub.ts'
import type { Relay } from './publish/relay.ts'
import { everyReplica } from './publish/replicas.ts'
import { type Edit, objectNameFor, type Refusal, withoutRegistration, withRegistration } from './registrations.ts'
import type { Source } from './watch/source.ts'

export interface ControlDeps {
  readonly source: Source
  readonly hub: Hub
  readonly relay: Relay
  /** What the folder could not take; none for Kubernetes. */
  readonly errors: () => readonly unknown[]
  readonly token: string | undefined
  readonly log: Log
  readonly metrics: Metrics
  readonly unready: () => readonly string[]
}

/** Replicas name each item that they refuse with its reason: thousands, when a broker is ill. */
const RELAY_MAX_BYTES = 16 * 1024 * 1024

/** The controller's control API: objects with statuses, replicas, registrations, the relay between controllers. */
export function controlApi(deps: ControlDeps): Express {
  const app = controlApp(deps)
  const guard = bearer(deps.token)
  app.get(
    '/objects',
    guard,
    (_request, response) => void response.json({ items: [...deps.source.objects()].map(summaryOf) }),
  )
  app.get('/objects/:plural/:namespace/:name', guard, (request, response) => {
    const { plural, namespace, name } = request.params as Record<string, string>
    const kind = KINDS.find((each) => each.plural === plural)
    for (const object of deps.source.objects()) {
      if (object.kind === kind?.kind && keyOf(object) === `${namespace}/${name}`) return void response.json(object)
    }
    problem(response, 404, 'Not Found', { detail: `There is no ${plural} ${namespace}/${name}` })
  })
  app.get('/errors', guard, (_request, response) => void response.json({ items: deps.errors() }))
  app.get('/replicas', guard, (_request, response) => {
    const items = everyReplica(deps.hub.replicas().values(), deps.relay.elsewhere())
    response.json({ leads: deps.source.leads(), items })
  })
  app.post('/relay', guard, ...jsonBody(RELAY_MAX_BYTES), (request, response) => {
    const { controller, replicas } = request.body ?? {}
    if (typeof controller !== 'string' || !Array.isArray(replicas)) {
      throw new SoaError('SOA_REQUEST_INVALID', 'controller and replicas are needed', { status: 400 })
    }
    response.json({ replicas: deps.relay.take(controller, replicas) })
  })
  registrationRoutes(app, deps)
  return endOf(app, deps.log)
}

function registrationRoutes(app: Express, { source, token }: ControlDeps): void {
  const guard = bearer(token)
  app.put('/registrations/:namespace/:name/:instance', guard, ...jsonBody(), async (request, response) => {
    const who = request.params as { namespace: string; name: string; instance: string }
    const object = objectNameFor(who, source.world().services.values())
    const outcome = await edited(source, who.namespace, object, (current) =>
      withRegistration(current, object, who, request.body),
    )
    answer(response, outcome, `${who.namespace}/${object}`)
  })
  app.delete('/registrations/:namespace/:name{/:instance}', guard, async (request, response) => {
    const { namespace, name, instance } = request.params as { namespace: string; name: string; instance?: string }
    const who = { namespace, name, instance }
    const object = objectNameFor({ namespace, name, instance: '' }, source.world().services.values())
    answer(
      response,
      await edited(source, namespace, object, (current) => withoutRegistration(current, who)),
      `${namespace}/${object}`,
    )
  })
}

async function edited(
  source: Source,
  namespace: string,
  name: string,
  edit: (current: ServiceObject | undefined) => Edit | Refusal,
): Promise<Edit | Refusal> {
  let outcome: Edit | Refusal | undefined
  await source.upsertService(namespace, name, (current) => {
    outcome = edit(current)
    return outcome.ok ? outcome.object : current
  })
  if (outcome === undefined) throw new SoaError('SOA_SOURCE_FAILED', 'The source did not take the edit')
  return outcome
}

function answer(response: Response, outcome: Edit | Refusal, key: string): void {
  if (outcome.ok) response.json({ key })
  else problem(response, outcome.status, outcome.detail, { detail: outcome.detail })
}

function summaryOf({ kind, metadata, status }: ManagedObject): object {
  const ready = status?.conditions?.find((each) => each.type === 'Ready')
  return {
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    ready: ready?.status ?? 'Unknown',
    reason: ready?.reason ?? 'Pending',
    message: ready?.message ?? '',
  }
}
