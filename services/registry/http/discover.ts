import type { RequestHandler, Response } from '#lib/http.ts'
import { asked } from '#lib/http-operations.ts'
import { LATENCY_BUCKETS } from '#lib/metrics.ts'
import { type EndpointHealth, type ServiceHealth, usable } from '#lib/model/health.ts'
import { lookup } from '../directory/lookup.ts'
import { versionTest } from '../directory/version.ts'
import { discoverOperation } from './operations.ts'
import { type ApiDeps, filled, nameIn, ofCopy, type Route } from './route.ts'

/** GET /discover/<name>: one URL, in turn among the usable ones. */
export function discoverRoutes(deps: ApiDeps): readonly Route[] {
  const refuse = filled(deps, (response, error) => void response.status(503).json({ error }))
  const handlers = [refuse, ofCopy(deps), discover(deps)]
  return [{ method: 'get', path: '/discover/:name', operation: discoverOperation, handlers }]
}

/** What a client asks for beyond a name. */
interface Wish {
  readonly version: string | undefined
  readonly instance: string | undefined
}

function discover({ config, directory, metrics }: ApiDeps): RequestHandler {
  const turns = new Map<string, number>()
  const seconds = metrics.histogram('soa_registry_discover_seconds', 'Answering GET /discover', LATENCY_BUCKETS)
  directory.onStep(({ after, changed }) => {
    for (const key of changed) if (!after.services.has(key)) turns.delete(key)
  })

  return (request, response) => {
    const end = seconds.startTimer()
    const name = nameIn(request)
    const found = lookup(directory.view(), name, asked(request, 'namespace'), config.namespace)
    if (!found.found) response.status(found.status).json({ error: found.error })
    else {
      const turn = turns.get(found.key) ?? 0
      turns.set(found.key, turn + 1)
      const wish = { version: asked(request, 'version'), instance: asked(request, 'instance') }
      answer(response, name, found.service, wish, turn)
    }
    end()
  }
}

function answer(response: Response, name: string, service: ServiceHealth, wish: Wish, turn: number): void {
  const missing = missingIn(service, wish)
  if (missing !== undefined) return void response.status(404).json({ error: `Service ${name} ${missing}` })
  const candidates = candidatesOf(service, wish)
  const chosen = candidates[turn % candidates.length]
  if (chosen === undefined) {
    const of = wish.version === undefined ? '' : ` of version ${wish.version}`
    return void response.status(503).json({ error: `Service ${name} has no healthy instance${of}` })
  }
  if (chosen.health === 'unknown') response.setHeader('Soaplane-Health', 'unknown')
  response.json({ service_url: chosen.url })
}

// A service never changes, it is replaced: what may be answered for it is found once, not for each request.
const usableOf = new WeakMap<ServiceHealth, readonly EndpointHealth[]>()

function candidatesOf(service: ServiceHealth, wish: Wish): readonly EndpointHealth[] {
  if (wish.version !== undefined || wish.instance !== undefined) return usable(service.endpoints.filter(test(wish)))
  const known = usableOf.get(service)
  if (known !== undefined) return known
  const found = usable(service.endpoints)
  usableOf.set(service, found)
  return found
}

function test({ version, instance }: Wish): (endpoint: EndpointHealth) => boolean {
  const isVersion = version === undefined ? () => true : versionTest(version)
  return (endpoint) => (instance === undefined || endpoint.instance === instance) && isVersion(endpoint.version)
}

function missingIn({ endpoints }: ServiceHealth, wish: Wish): string | undefined {
  const { version, instance } = wish
  if ((version === undefined && instance === undefined) || endpoints.some(test(wish))) return undefined
  const named = instance === undefined ? endpoints : endpoints.filter((each) => each.instance === instance)
  if (named.length === 0) return `has no instance ${instance}`
  const offers = [...new Set(named.flatMap((each) => each.version ?? []))].sort()
  return `has no version ${version}; ${offers.length === 0 ? 'it tells none' : `it offers ${offers.join(', ')}`}`
}
