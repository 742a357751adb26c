import { problem, type Request, type RequestHandler, type Response } from '#lib/http.ts'
import { asked } from '#lib/http-operations.ts'
import { lookup } from '../directory/lookup.ts'
import { type Filters, itemOf, pageOf, placeIn } from '../inventory/page.ts'
import { targetGroups } from '../inventory/targets.ts'
import { pageOperation, serviceOperation, targetsOperation } from './operations.ts'
import { type ApiDeps, filled, nameIn, ofCopy, type Route, unavailable } from './route.ts'
import { DEFAULT_LIMIT, HEALTHS, MAX_LIMIT } from './schemas.ts'

const FIELDS = ['owner', 'version', 'namespace', 'health'] as const

/** What is there: pages of services, one service, Prometheus targets. */
export function inventoryRoutes(deps: ApiDeps): readonly Route[] {
  const guards = [filled(deps, unavailable), ofCopy(deps)]
  const targets: RequestHandler = (_request, response) => void response.json(targetGroups(deps.directory.view()))
  return [
    { method: 'get', path: '/services', operation: pageOperation, handlers: [...guards, page(deps)] },
    {
      method: 'get',
      path: '/services/:name',
      operation: serviceOperation,
      handlers: [...guards, one(deps)],
    },
    { method: 'get', path: '/prometheus/sd', operation: targetsOperation, handlers: [...guards, targets] },
  ]
}

function page({ directory, soft }: ApiDeps): RequestHandler {
  return (request, response) => {
    const limit = Number(asked(request, 'limit') ?? DEFAULT_LIMIT)
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
      return badRequest(response, `limit: give a whole number from 1 to ${MAX_LIMIT}`)
    const token = asked(request, 'continue')
    const after = token === undefined ? undefined : placeIn(token)
    if (token !== undefined && after === undefined)
      return badRequest(response, 'continue: give the value that the last page ended with')
    const health = asked(request, 'health')
    if (health !== undefined && !HEALTHS.some((each) => each === health))
      return badRequest(response, `health: give one of ${HEALTHS.join(', ')}`)
    response.json(pageOf(directory.view(), soft, filtersIn(request), { limit, after }))
  }
}

function one({ config, directory, soft }: ApiDeps): RequestHandler {
  return (request, response) => {
    const view = directory.view()
    const found = lookup(view, nameIn(request), asked(request, 'namespace'), config.namespace)
    if (found.found) response.json(itemOf(view, found.key, soft))
    else problem(response, found.status, found.status === 404 ? 'Not Found' : 'Conflict', { detail: found.error })
  }
}

function filtersIn(request: Request): Filters {
  const metadata: Record<string, string> = {}
  const fields: Partial<Record<(typeof FIELDS)[number], string>> = {}
  for (const name of Object.keys(request.query)) {
    const value = asked(request, name)
    const field = FIELDS.find((each) => each === name)
    if (value === undefined) continue
    if (field !== undefined) fields[field] = value
    else if (name.startsWith('metadata.')) metadata[name.slice('metadata.'.length)] = value
  }
  return { ...fields, metadata }
}

function badRequest(response: Response, detail: string): void {
  problem(response, 400, 'Bad Request', { detail })
}
