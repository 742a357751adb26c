import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { systemClock } from '#lib/clock.ts'
import type { GatewayEntry, RouteMatch } from '#lib/model/gateway.ts'
import type { ServiceHealth } from '#lib/model/health.ts'
import { createLife } from '#lib/run.ts'
import { dataServer } from '#services/gateway/front/data-server.ts'
import { gatewayFront } from '#services/gateway/front/front.ts'
import { routeTable } from '#services/gateway/match/table.ts'
import type { Stage } from '#services/gateway/pipeline.ts'
import { trustOf } from '#services/gateway/request/client.ts'
import type { Serve } from '#services/gateway/serving.ts'
import { createOrigins } from '#services/gateway/upstream/origins.ts'
import { createTarget } from '#services/gateway/upstream/target.ts'
import { createTunnels } from '#services/gateway/upstream/tunnel.ts'
import { quietLog } from './quiet.ts'

export interface FrontOptions {
  /** Base URLs that every path is sent to. */
  readonly upstreams: readonly string[]
  readonly match?: Partial<RouteMatch>
  readonly stages?: readonly Stage[]
  readonly trustedCidrs?: readonly string[]
  readonly headersTimeoutMs?: number
  readonly writeStallMs?: number
  readonly maxInFlight?: number
  readonly requestTimeoutMs?: number
}

/** The gateway's data port with one route to given upstreams: no feed, no discovery, real sockets. */
export async function startFront(options: FrontOptions) {
  const events: { readonly status: number; readonly byGateway: boolean }[] = []
  const refusals: string[] = []
  const failures: string[] = []
  let retries = 0
  const origins = createOrigins({
    maxConnections: 64,
    connectTimeoutMs: 2_000,
    headersTimeoutMs: options.headersTimeoutMs ?? 5_000,
    bodyTimeoutMs: 5_000,
  })
  const target = createTarget('d/s', origins)
  const aim = (urls: readonly string[]) => target.update(healthOf(urls))
  aim(options.upstreams)
  const match: RouteMatch = { path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [], ...options.match }
  const serve: Serve = { target, stages: options.stages ?? [] }
  const table = routeTable([{ entry, index: 0, match, serve }])
  const tunnels = createTunnels()
  const front = gatewayFront({
    table: () => table,
    isFilled: () => true,
    trust: trustOf(options.trustedCidrs ?? []),
    exchange: {
      maxInFlight: options.maxInFlight ?? 100,
      writeStallMs: options.writeStallMs ?? 10_000,
      isDraining: () => data.isDraining(),
      retried: () => void retries++,
      failed: (_target, reason) => void failures.push(reason),
      over: (_target, status, byGateway) => void events.push({ status, byGateway }),
    },
    tunnels,
    refused: ({ reason }) => void refusals.push(reason),
    stopped: (_rule, { status }) => void events.push({ status, byGateway: true }),
    clock: systemClock,
    log: quietLog(),
  })
  const data = dataServer(front, tunnels, {
    ...{ host: '127.0.0.1', port: 0, maxConnections: 100 },
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
  })
  const upstreamsPart = { name: 'upstreams', start() {}, stop: () => origins.close() }
  const life = createLife([upstreamsPart, data])
  await life.start()
  return {
    url: data.url(),
    port: Number(new URL(data.url()).port),
    aim,
    drain: life.drain,
    stop: async () => void (await life.stop(5_000)),
    events,
    refusals,
    failures,
    retries: () => retries,
    connections: data.connections,
    tunnels: tunnels.size,
    inFlight: () => target.endpoints().reduce((sum, { origin }) => sum + origin.inFlight, 0),
  }
}

export type Front = Awaited<ReturnType<typeof startFront>>

const entry: GatewayEntry = {
  ...{ uid: 'u', namespace: 'd', object: 's', name: 's', endpointsRev: 'r', hostnames: [], routes: [], limits: [] },
  createdAt: '2026-01-01T00:00:00Z',
}

function healthOf(urls: readonly string[]): ServiceHealth {
  const endpoints = urls.map((url, i) => ({ instance: String(i), url, health: 'healthy' as const }))
  return { key: 'd/s', namespace: 'd', name: 's', endpointsRev: 'r', endpoints }
}

export interface Backend {
  readonly url: string
  readonly server: Server
  /** Heads of the requests that came. */
  readonly seen: { readonly method: string; readonly url: string; readonly rawHeaders: readonly string[] }[]
  readonly stop: () => Promise<void>
}

/** A little HTTP server that remembers what came. */
export async function startBackend(handler: RequestListener, port = 0): Promise<Backend> {
  const seen: Backend['seen'] = []
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    seen.push({ method: incoming.method ?? '', url: incoming.url ?? '', rawHeaders: incoming.rawHeaders })
    handler(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What came back on a connection, and whether the other side has closed it. */
export interface RawAnswer {
  readonly text: string
  readonly closed: boolean
}

/**
 * Sends bytes as they are and reads until the connection ends, or until `isEnough` of what came. The connection is closed
 * afterwards; rejects when neither comes within the deadline.
 */
export function sendRaw(
  port: number,
  bytes: string | Buffer,
  isEnough: (text: string) => boolean = () => false,
  timeoutMs = 10_000,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1' as never))
    let text = ''
    const deadline = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no end after ${timeoutMs} ms, so far: ${JSON.stringify(text)}`))
    }, timeoutMs)
    function done(closed: boolean): void {
      clearTimeout(deadline)
      socket.destroy()
      resolve({ text, closed })
    }
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      text += chunk
      if (isEnough(text)) done(false)
    })
    socket.on('error', () => done(true))
    socket.on('close', () => done(true))
  })
}

/** The status lines in what came back, as numbers. */
export function statusesIn(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}
