import { SoaError } from '#lib/error.ts'
import {
  asFault,
  bearer,
  controlApp,
  type ErrorRequestHandler,
  type Express,
  endOf,
  type RequestHandler,
} from '#lib/http.ts'
import type { Metrics } from '#lib/metrics.ts'
import { discoverRoutes } from './discover.ts'
import { inventoryRoutes } from './inventory.ts'
import { openApiRoute } from './openapi.ts'
import { peerRoutes } from './peer.ts'
import { registerRoutes } from './register.ts'
import type { ApiDeps, Route } from './route.ts'
import { watchRoutes } from './watch.ts'

/** Every operation but those of the process contract. */
function routesOf(deps: ApiDeps): readonly Route[] {
  const routes = [
    ...registerRoutes(deps),
    ...discoverRoutes(deps),
    ...inventoryRoutes(deps),
    ...watchRoutes(deps),
    ...peerRoutes(deps, bearer(deps.config.controlToken)),
  ]
  return [...routes, openApiRoute(routes)]
}

export function registryApi(deps: ApiDeps): Express {
  const routes = routesOf(deps)
  const app = controlApp(deps)
  app.use(counted(deps.metrics))
  for (const { method, path, handlers } of routes) app[method](path, ...handlers)
  for (const path of new Set(routes.map((each) => each.path))) app.all(path, notAllowed(path, routes))
  app.use(['/register', '/discover'], seedErrors)
  return endOf(app, deps.log)
}

// Counted by route, not by path: names are without bound.
function counted(metrics: Metrics): RequestHandler {
  const requests = metrics.counter('soa_registry_http_requests_total', 'Requests answered', ['method', 'route', 'code'])
  return (request, response, next) => {
    response.on('close', () => {
      const route = (request.route as { readonly path: string } | undefined)?.path ?? 'none'
      requests.inc({ method: request.method, route, code: response.statusCode })
    })
    next()
  }
}

function notAllowed(path: string, routes: readonly Route[]): RequestHandler {
  const methods = routes.filter((each) => each.path === path).map(({ method }) => method.toUpperCase())
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
  return (request, response, next) => {
    response.setHeader('Allow', allow)
    if (request.method === 'OPTIONS') return void response.status(204).end()
    const message = `${request.method} is not allowed here; use ${allow}`
    next(new SoaError('SOA_REQUEST_INVALID', message, { status: 405 }))
  }
}

// The shapes of DESIGN §1 rows 2 and 8 hold for every refusal of these two; faults go on to the log.
const seedErrors: ErrorRequestHandler = (error, _request, response, next) => {
  const fault = asFault(error)
  if (fault.status >= 500) return next(error)
  response.status(fault.status).json({ error: fault.message })
}
