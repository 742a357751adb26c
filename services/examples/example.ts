import {
  asFault,
  controlApp,
  type ErrorRequestHandler,
  type Express,
  endOf,
  type HttpPart,
  httpPart,
  type RequestHandler,
} from '#lib/http.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'

/** One little service: what a team of users would write, with no SDK. */
export interface Example {
  readonly name: string
  readonly routes: readonly ExampleRoute[]
}

export interface ExampleRoute {
  readonly method: 'get' | 'post'
  readonly path: string
  readonly handlers: readonly RequestHandler[]
}

export interface ExampleEnv {
  readonly log: Log
  readonly metrics: Metrics
  /** Reasons not to be ready, of the whole process. */
  readonly unready: () => readonly string[]
}

/** Serves an example with the process contract's routes, and `/healthz` for the registry's probes. */
export function examplePart(example: Example, at: { host: string; port: number }, env: ExampleEnv): HttpPart {
  return httpPart(example.name, exampleApp(example, env), at)
}

function exampleApp({ routes }: Example, env: ExampleEnv): Express {
  const app = controlApp(env)
  app.get('/healthz', (_request, response) => void response.type('text').send('ok\n'))
  for (const { method, path, handlers } of routes) {
    app[method](path, ...handlers)
    app.all(path, onlyBy(method))
  }
  app.use(plainErrors)
  return endOf(app, env.log)
}

function onlyBy(method: ExampleRoute['method']): RequestHandler {
  const allowed = method === 'get' ? 'GET, HEAD' : 'POST'
  return (request, response) => {
    response
      .status(405)
      .set('Allow', allowed)
      .json({ error: `${request.method} is not allowed here; use ${allowed}` })
  }
}

// The examples answer errors in the shape that their consumers know: {error}.
const plainErrors: ErrorRequestHandler = (error, _request, response, next) => {
  const fault = asFault(error)
  if (fault.status >= 500) return next(error)
  response.status(fault.status).json({ error: fault.message })
}
