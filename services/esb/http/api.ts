import { bearer, controlApp, type Express, endOf, problem, type RequestHandler } from '#lib/http.ts'
import { type Operation, serveOperations } from '#lib/http-operations.ts'
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
import type { ApiDeps } from './route.ts'
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

function appOf(routes: readonly Operation[], deps: ApiDeps): Express {
  const app = controlApp(deps)
  const requests = deps.metrics.counter('soa_esb_http_requests_total', 'Requests answered', ['method', 'route', 'code'])
  serveOperations(app, routes, requests)
  return endOf(app, deps.log)
}

function versionRoute({ version, isStale }: ApiDeps): Operation {
  const tell: RequestHandler = (_request, response) =>
    void response.json({ version: version() ?? null, stale: isStale() })
  return { method: 'get', path: '/version', handlers: [tell] }
}

/** RFC 9110 §15.5.22. */
const socketsAlone: Operation = {
  method: 'get',
  path: '/channels/*channel',
  handlers: [
    (_request, response) => {
      response.setHeader('Upgrade', 'websocket')
      problem(response, 426, 'Upgrade Required', { detail: 'Channels are read over WebSocket' })
    },
  ],
}
