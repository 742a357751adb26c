import type { Socket } from 'node:net'
import type { Clock } from '#lib/clock.ts'
import { controlApp, httpPart } from '#lib/http.ts'
import { createMetrics } from '#lib/metrics.ts'
import type { RateLimit } from '#lib/model/gateway.ts'
import type { Peer } from '#lib/model/slice.ts'
import { createLife } from '#lib/run.ts'
import { createTable, type Table } from '#lib/table.ts'
import { type WsRoute, wsPart } from '#lib/ws.ts'
import type { Admission, Limiter } from '#services/gateway/limits/contract.ts'
import { createLimiter } from '#services/gateway/limits/limiter.ts'
import type { LimitSettings } from '#services/gateway/limits/settings.ts'
import { eventually } from './eventually.ts'
import { quietLog } from './quiet.ts'
import { keysOwnedBy, rateLimit, subject } from './rate-limits.ts'

/** One gateway's limiter on a real socket, with a peers table of its own. */
export interface LimitReplica extends Peer {
  readonly limiter: Limiter
  readonly peers: Table<readonly Peer[]>
  /** One request by limits that are keyed by the header `k`. */
  readonly admit: (limits: readonly RateLimit[], key?: string) => Promise<Admission>
  /** The value of a series, 0 when there is none. */
  readonly metric: (series: string) => Promise<number>
  /** Leaves in good order. */
  readonly stop: () => Promise<void>
  /** Cuts all connections to it, and accepts no more: what a crash looks like to those that ask. To be stopped all the same. */
  readonly kill: () => Promise<void>
}

interface ReplicaOptions {
  readonly id: string
  readonly clock: Clock
  readonly token?: string
  readonly settings?: Partial<LimitSettings>
}

/** Patient, so that a busy machine does not look like a lost owner; tests of timeouts say their own. */
const SETTINGS: LimitSettings = {
  limitMaxKeys: 100_000,
  limitOnOverflow: 'refuse',
  limitPeerTimeoutMs: 15_000,
  limitHandoverMs: 15_000,
}

async function startReplica({ id, clock, token = 'secret', settings }: ReplicaOptions): Promise<LimitReplica> {
  const peers = createTable<readonly Peer[]>([])
  const metrics = createMetrics({ process: false })
  const { limiter, parts, routes } = createLimiter({
    ...{ replica: id, peers, token, log: quietLog(), metrics, clock, random: Math.random },
    settings: { ...SETTINGS, ...settings },
  })
  const server = await startServer(routes, metrics)
  const life = createLife(parts)
  await life.start()
  return {
    id,
    url: server.url,
    limiter,
    peers,
    admit: async (limits, key) => limiter.admit(limits, subject({ headers: key === undefined ? {} : { k: key } })),
    async metric(series) {
      const line = (await metrics.text()).split('\n').find((each) => each.startsWith(`${series} `))
      return Number(line?.slice(series.length + 1) ?? 0)
    },
    async stop() {
      await life.stop(10_000)
      await server.stop()
    },
    kill: server.kill,
  }
}

/** Serves WebSocket routes on a free port. */
export async function startServer(
  routes: readonly WsRoute[],
  metrics = createMetrics({ process: false }),
): Promise<{ readonly url: string; readonly stop: () => Promise<void>; readonly kill: () => Promise<void> }> {
  const http = httpPart('control', controlApp({ metrics, unready: () => [] }), { host: '127.0.0.1', port: 0 })
  const sockets = new Set<Socket>()
  http.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const life = createLife([http, wsPart('limits', http.server, routes)])
  await life.start()
  const stop = async () => void (await life.stop(5_000))
  return {
    url: http.url(),
    stop,
    async kill() {
      const stopped = stop()
      for (const socket of sockets) socket.destroy()
      await stopped
    },
  }
}

/** Tells each replica that these are the ready ones. */
export function list(replicas: readonly LimitReplica[], to: readonly LimitReplica[] = replicas): void {
  for (const each of to) each.peers.replace(replicas.map(({ id, url }) => ({ id, url })))
}

/** What a test starts, all of it stopped at its end. */
export interface LimitBed {
  readonly replica: (id: string, options?: Pick<ReplicaOptions, 'token' | 'settings'>) => Promise<LimitReplica>
  /** Three replicas, or those named, that know each other and have each been answered by each other one. */
  readonly cluster: (ids?: readonly string[]) => Promise<LimitReplica[]>
  readonly keep: <T extends { readonly stop: () => unknown }>(started: T) => T
  readonly clear: () => Promise<void>
}

export function limitBed(clock: Clock): LimitBed {
  const running = new Set<{ readonly stop: () => unknown }>()

  function keep<T extends { readonly stop: () => unknown }>(started: T): T {
    running.add(started)
    return started
  }

  const replica: LimitBed['replica'] = async (id, options) => keep(await startReplica({ id, clock, ...options }))

  return {
    keep,
    replica,
    async cluster(ids = ['a', 'b', 'c']) {
      const replicas = await Promise.all(ids.map((id) => replica(id)))
      list(replicas)
      await connected(replicas)
      return replicas
    },
    async clear() {
      const all = [...running]
      running.clear()
      await Promise.all(all.map((each) => each.stop()))
    },
  }
}

/** How many answers these gave without the owner of the counter. */
export async function unasked(replicas: Iterable<LimitReplica>): Promise<number> {
  let total = 0
  for (const each of replicas) total += await each.metric('soa_gateway_ratelimit_unasked_total{policy="orders"}')
  return total
}

const probe = rateLimit({ name: 'probe', limit: 1_000_000, key: { by: 'header', header: 'k' }, onError: 'closed' })

/** Resolves once each of these gets answers from each other one, as members of one view. */
export async function connected(replicas: readonly LimitReplica[]): Promise<void> {
  const ids = replicas.map(({ id }) => id)
  const keys = ids.map((id) => keysOwnedBy(id, ids, probe)[0] as string)
  await Promise.all(
    replicas.flatMap((replica) =>
      keys.map((key) => eventually(async () => (await replica.admit([probe], key)).admitted)),
    ),
  )
}
