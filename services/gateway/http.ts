import { controlApp, type Express, endOf, problem } from '#lib/http.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Rule } from './match/rule.ts'
import { readRequest } from './request/read.ts'
import type { Serve, Serving } from './serving.ts'

export interface ControlDeps {
  readonly serving: Serving
  readonly version: () => string | undefined
  readonly isStale: () => boolean
  readonly log: Log
  readonly metrics: Metrics
  readonly unready: () => readonly string[]
}

/** The gateway's control API: the process contract, what it serves and why. */
export function controlApi(deps: ControlDeps): Express {
  const { serving } = deps
  const app = controlApp(deps)
  app.get('/version', (_request, response) => {
    response.json({ version: deps.version() ?? null, stale: deps.isStale() })
  })
  app.get('/routes', (_request, response) => {
    response.json({ version: deps.version() ?? null, items: serving.table().rules.map(routeOf) })
  })
  // Which route would this request take, and what would be asked of it: nothing is counted by asking.
  app.get('/explain', (request, response) => {
    const { method = 'GET', host = '', path } = request.query as Record<string, string | undefined>
    if (typeof path !== 'string' || typeof host !== 'string' || typeof method !== 'string')
      return problem(response, 400, 'Bad Request', {
        detail: 'path: give it once, percent-encoded; host and method may follow',
      })
    const read = readRequest({ method, url: path, httpVersion: '1.1', rawHeaders: host === '' ? [] : ['Host', host] })
    if (!read.ok) return void response.json({ routed: false, ...read.refusal })
    const rule = serving.table().find(read.request)
    response.json(
      rule === undefined ? { routed: false, status: 404, reason: 'NoRoute' } : { routed: true, ...routeOf(rule) },
    )
  })
  return endOf(app, deps.log)
}

function routeOf({ entry, match, serve }: Rule<Serve>): object {
  return {
    service: `${entry.namespace}/${entry.object}`,
    hostnames: entry.hostnames,
    match,
    limits: entry.limits.map(({ name, limit, periodMs, key, scope, onError, mode }) => {
      return { name, limit, periodMs, key, scope, onError, mode }
    }),
    stages: serve.stages.map(({ place }) => place),
    endpoints: serve.target.endpoints().map(({ instance, origin, basePath }) => {
      return { instance, url: `${origin.url}${basePath}`, inFlight: origin.inFlight }
    }),
  }
}
