import { SoaError } from '#lib/error.ts'
import { bearer, controlApp, type Express, endOf, problem, type RequestHandler } from '#lib/http.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Part } from '#lib/run.ts'
import type { WsRoute } from '#lib/ws.ts'
import { asyncApiRoutes } from '../asyncapi/api.ts'
import { auditRoutes } from '../audit/api.ts'
import { createAuditLog } from '../audit/log.ts'
import { createHub } from '../channels/hub.ts'
import { channelSocket } from '../channels/socket.ts'
import { deadLetterRoutes } from '../dead-letters/api.ts'
import { createDesk } from '../dead-letters/desk.ts'
import { messageRoutes } from '../ingress/messages.ts'
import { createRequests } from '../ingress/requests.ts'
import { planRoutes } from './plan.ts'
import type { ApiDeps, Route } from './route.ts'
import { routeRoutes } from './routes.ts'

/** The bus over HTTP and WebSocket: messages in, channels out, and what operators ask. */
export interface EsbApi {
  readonly app: Express
  readonly sockets: readonly WsRoute[]
  /** Stopped before the server: they end what requests wait for. */
  readonly parts: readonly Part[]
}

export function esbApi(deps: ApiDeps): EsbApi {
  const { broker, config } = deps
  const requests = createRequests(broker.publishing, config)
  const desk = createDesk(broker.consuming)
  const hub = createHub(broker.consuming, { base: deps.base, metrics: deps.metrics })
  const letters = {
    ...{ ...deps, desk },
    write: createAuditLog(broker.publishing.publish, config),
    replay: broker.publishing.publisher('replay').publish,
    republish: broker.publishing.publisher('republish').publish,
  }
  const open = [...messageRoutes({ ...deps, requests }), versionRoute(deps), socketsAlone]
  const guarded = [
    ...[...routeRoutes(deps), ...planRoutes(deps), ...deadLetterRoutes(letters), ...auditRoutes(deps)],
    ...asyncApiRoutes(deps),
  ]
  const guard = bearer(config.controlToken)
  const routes = [...open, ...guarded.map((route) => ({ ...route, handlers: [guard, ...route.handlers] }))]
  return { app: appOf(routes, deps), sockets: [channelSocket({ ...deps, hub })], parts: [requests, desk, hub] }
}

function appOf(routes: readonly Route[], deps: ApiDeps): Express {
  const app = controlApp(deps)
  app.use(counted(deps.metrics))
  for (const { method, path, handlers } of routes) app[method](path, ...handlers)
  for (const path of new Set(routes.map((each) => each.path))) app.all(path, notAllowed(path, routes))
  return endOf(app, deps.log)
}

function versionRoute({ version, isStale }: ApiDeps): Route {
  const tell: RequestHandler = (_request, response) =>
    void response.json({ version: version() ?? null, stale: isStale() })
  return { method: 'get', path: '/version', handlers: [tell] }
}

/** RFC 9110 §15.5.22. */
const socketsAlone: Route = {
  method: 'get',
  path: '/channels/*channel',
  handlers: [
    (_request, response) => {
      response.setHeader('Upgrade', 'websocket')
      problem(response, 426, 'Upgrade Required', { detail: 'Channels are read over WebSocket' })
    },
  ],
}

// Counted by route, not by path: names are without bound.
function counted(metrics: Metrics): RequestHandler {
  const requests = metrics.counter('soa_esb_http_requests_total', 'Requests answered', ['method', 'route', 'code'])
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
