import type { RequestHandler } from '#lib/http.ts'
import type { Operation } from '#lib/http-operations.ts'
import type { RunningRoute } from '../routes/running.ts'
import { deadLetterQueue } from '../topology/names.ts'
import { inBatches } from './batches.ts'
import { routeAt } from './find.ts'
import { fromBroker } from './from-broker.ts'
import { refuse } from './refusal.ts'
import { type ApiDeps, partOf } from './route.ts'
import { summaryOf } from './summary.ts'

type Deps = Pick<ApiDeps, 'running' | 'depth'>

/** GET /routes and /routes/<namespace>/<name>: what runs here, and how it fares. */
export function routeRoutes(deps: Deps): readonly Operation[] {
  return [
    { method: 'get', path: '/routes', handlers: [all(deps)] },
    { method: 'get', path: '/routes/:namespace/:name', handlers: [one(deps)] },
  ]
}

function all(deps: Deps): RequestHandler {
  return async (_request, response) => {
    const routes = [...deps.running().values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    response.json({ routes: await inBatches(routes, (route) => shown(deps, route)) })
  }
}

function one(deps: Deps): RequestHandler {
  return async (request, response) => {
    const found = routeAt(deps.running, partOf(request, 'namespace'), partOf(request, 'name'))
    if (found.ok) response.json({ ...(await shown(deps, found.route)), spec: found.route.entry })
    else refuse(response, found)
  }
}

async function shown({ depth }: Deps, route: RunningRoute): Promise<object> {
  const [queue, deadLetters] = await fromBroker(Promise.all([depth(route.queue), depth(deadLetterQueue(route.key))]))
  return summaryOf(route, { queue, deadLetters })
}
