import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { reasonOf, SoaError } from './error.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Part } from './run.ts'

export type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express'

/** An HTTP server as a part: `url()` is known once it has started, and stays what it was after the stop. */
export interface HttpPart extends Part {
  readonly server: Server
  readonly url: () => string
}

/** Serves `handler` on `host:port`; on stop refuses new connections, lets requests in hand finish, closes idle sockets. */
export function httpPart(name: string, handler: Express, { host, port }: { host: string; port: number }): HttpPart {
  const server = createServer({ keepAliveTimeout: 65_000, headersTimeout: 10_000, requestTimeout: 60_000 }, handler)
  let url: string | undefined
  return {
    name,
    server,
    url() {
      if (url === undefined) throw new SoaError('SOA_INTERNAL', `${name} has not started: it has no URL yet`)
      return url
    },
    async start() {
      await listening(server, host, port, name)
      url = urlOf(server, host)
    },
    stop: () => closed(server),
  }
}

const openSockets = new WeakMap<Server, Set<Socket>>()

/** Opens the server's socket; a taken port is one clear line. */
export function listening(server: Server, host: string, port: number, name: string): Promise<void> {
  const sockets = new Set<Socket>()
  openSockets.set(server, sockets)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const why = taken
        ? `Port ${port} is taken: ${name} needs it; free it or choose another`
        : `${name} cannot listen on ${host}:${port}`
      reject(new SoaError(taken ? 'SOA_PORT_TAKEN' : 'SOA_START_FAILED', why, taken ? {} : { cause }))
    })
    server.listen(port, host, () => resolve())
  })
}

/** Resolves when the last connection has ended; idle ones are closed at once and again as requests end. */
export function closed(server: Server): Promise<void> {
  function sweep(): void {
    server.closeIdleConnections()
    // Clients open connections ahead. Node takes one that has said nothing yet for a request that is about to come.
    for (const socket of openSockets.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy()
  }
  return new Promise((resolve) => {
    const sweeping = setInterval(sweep, 50)
    server.close(() => {
      clearInterval(sweeping)
      resolve()
    })
    sweep()
  })
}

export function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo
  return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}`
}

/** An express app with the process contract's routes (DESIGN §7): /livez, /readyz, /metrics. */
export function controlApp({ metrics, unready }: { metrics: Metrics; unready: () => readonly string[] }): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.get('/livez', (_request, response) => void response.type('text').send('ok\n'))
  app.get('/readyz', (_request, response) => {
    const reasons = unready()
    response.status(reasons.length === 0 ? 200 : 503).type('text')
    response.send(reasons.length === 0 ? 'ok\n' : `${reasons.join('\n')}\n`)
  })
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.text())
  })
  return app
}

/** Reads a JSON body of at most `maxBytes`; other types get 415, larger bodies 413, broken JSON 400. */
export function jsonBody(maxBytes = 64 * 1024): RequestHandler[] {
  return [
    (request, _response, next) => {
      if (request.is('application/json') || request.is('application/*+json')) return next()
      next(new SoaError('SOA_CONTENT_TYPE', 'Content-Type must be application/json', { status: 415 }))
    },
    express.json({ limit: maxBytes, type: () => true, strict: false }),
  ]
}

/** Demands `Authorization: Bearer <token>` when a token is set. */
export function bearer(token: string | undefined): RequestHandler {
  return (request, _response, next) => {
    if (token === undefined || sameSecret(request.get('authorization') ?? '', `Bearer ${token}`)) return next()
    next(new SoaError('SOA_UNAUTHENTICATED', 'A valid bearer token is needed', { status: 401 }))
  }
}

/** Compares in time that depends on the lengths alone. */
export function sameSecret(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < b.length; i++) difference |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i)
  return difference === 0
}

/** RFC 9457 problem details. `detail` reaches the user: no host names, no stacks. */
export function problem(response: Response, status: number, title: string, extra: Record<string, unknown> = {}): void {
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, ...extra }))
}

/** The last handlers of an app: 404 for what no route took, problem+json for what was thrown. */
export function endOf(app: Express, log: Log): Express {
  app.use((request, response) =>
    problem(response, 404, 'Not Found', { detail: `No such resource: ${request.method} ${request.path}` }),
  )
  const onError: ErrorRequestHandler = (error: unknown, _request: Request, response: Response, next) => {
    if (response.headersSent) return next(error)
    const fault = asFault(error)
    if (fault.status >= 500) log.error({ code: fault.code, error: reasonOf(error) }, 'Request failed')
    if (fault.status === 401) response.set('WWW-Authenticate', 'Bearer')
    problem(response, fault.status, fault.status >= 500 && fault.status !== 503 ? 'Internal error' : fault.message, {
      code: fault.code,
    })
  }
  app.use(onError)
  return app
}

/** Anything thrown on the way to an answer, body parsing included, as a fault with a status. */
export function asFault(error: unknown): SoaError {
  if (error instanceof SoaError) return error
  const { status, type } = (error ?? {}) as { status?: unknown; type?: unknown }
  if (type === 'entity.too.large') return new SoaError('SOA_BODY_TOO_LARGE', 'Body is too large', { status: 413 })
  if (type === 'entity.parse.failed')
    return new SoaError('SOA_REQUEST_INVALID', 'Body is not valid JSON', { status: 400 })
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new SoaError('SOA_REQUEST_INVALID', reasonOf(error), { status })
  return new SoaError('SOA_INTERNAL', reasonOf(error), { cause: error })
}
