import { SoaError } from './error.ts'
import type { Express, Request, RequestHandler } from './http.ts'
import type { Counter } from './metrics.ts'

/** One operation of an API. The path is express's. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  readonly path: string
  readonly handlers: readonly RequestHandler[]
}

/** Serves the operations, counted; another method on one of their paths is answered with those that there are. */
export function serveOperations(
  app: Express,
  operations: readonly Operation[],
  requests: Counter<'method' | 'route' | 'code'>,
): void {
  app.use(counted(requests))
  for (const { method, path, handlers } of operations) app[method](path, ...handlers)
  for (const path of new Set(operations.map((each) => each.path))) app.all(path, notAllowed(path, operations))
}

// Counted by route, not by path: names are without bound.
function counted(requests: Counter<'method' | 'route' | 'code'>): RequestHandler {
  return (request, response, next) => {
    response.on('close', () => {
      const route = (request.route as { readonly path: string } | undefined)?.path ?? 'none'
      requests.inc({ method: request.method, route, code: response.statusCode })
    })
    next()
  }
}

function notAllowed(path: string, operations: readonly Operation[]): RequestHandler {
  const methods = operations.filter((each) => each.path === path).map(({ method }) => method.toUpperCase())
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
  return (request, response, next) => {
    response.setHeader('Allow', allow)
    if (request.method === 'OPTIONS') return void response.status(204).end()
    const message = `${request.method} is not allowed here; use ${allow}`
    next(new SoaError('SOA_REQUEST_INVALID', message, { status: 405 }))
  }
}

/** A query parameter given once and not empty. */
export function asked(request: Request, name: string): string | undefined {
  const value = request.query[name]
  const first = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' && first !== '' ? first : undefined
}
