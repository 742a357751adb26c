import { asFault, bearer, controlApp, type ErrorRequestHandler, type Express, endOf } from '#lib/http.ts'
import { serveOperations } from '#lib/http-operations.ts'
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
  const labels = ['method', 'route', 'code'] as const
  serveOperations(app, routes, deps.metrics.counter('soa_registry_http_requests_total', 'Requests answered', labels))
  app.use(['/register', '/discover'], seedErrors)
  return endOf(app, deps.log)
}

// The shapes of DESIGN §1 rows 2 and 8 hold for every refusal of these two; faults go on to the log.
const seedErrors: ErrorRequestHandler = (error, _request, response, next) => {
  const fault = asFault(error)
  if (fault.status >= 500) return next(error)
  response.status(fault.status).json({ error: fault.message })
}
