import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '#lib/clock.ts'
import type { FromController, FromReplica } from '#lib/feed.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import { type Model, type Peer, SLICES, type SliceName } from '#lib/model/slice.ts'
import type { WebSocket, WsRoute } from '#lib/ws.ts'
import {
  acknowledged,
  afterGrace,
  everyReplica,
  LOST_GRACE_MS,
  type Replica,
  type Replicas,
  refusing,
  wholeVersion,
  withoutReplica,
  withReplica,
} from './replicas.ts'
import { type Change, type Published, publication, unpublished } from './versions.ts'

export type PublishedModel = { readonly [N in SliceName]: Published<N> }

/** Publishes the model to every connected replica and keeps what they acknowledged. */
export interface Hub {
  readonly publish: (model: Model) => void
  readonly published: () => PublishedModel
  /** This controller's own replicas, lost ones included until their grace has passed. */
  readonly replicas: () => Replicas
  /** Calls back whenever a replica or what it acknowledged changes. */
  readonly onReplicas: (listener: () => void) => void
  /** Tells every replica its peers anew: what other controllers hold has changed. */
  readonly tellPeers: () => void
  readonly routes: readonly WsRoute[]
}

export interface HubOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** An HTTP status to refuse a connection with. */
  readonly refuse: WsRoute['refuse']
  /** Replicas that are connected to another controller. */
  readonly elsewhere: () => Iterable<Replica>
  readonly lostGraceMs?: number
}

export function createHub(options: HubOptions): Hub {
  const { clock, log, metrics, refuse, elsewhere, lostGraceMs = LOST_GRACE_MS } = options
  const published = Object.fromEntries(SLICES.map((slice) => [slice, unpublished()])) as {
    [N in SliceName]: Published<N>
  }
  const sockets = new Map<SliceName, Map<string, WebSocket>>(SLICES.map((slice) => [slice, new Map()]))
  const listeners = new Set<() => void>()
  let replicas: Replicas = new Map()
  const publications = metrics.counter('soa_controller_publications_total', 'Model versions published', ['slice'])
  const items = metrics.gauge('soa_controller_items', 'Items in the published model', ['slice'])
  const connected = metrics.gauge('soa_controller_replicas', 'Data plane replicas connected', ['slice'])

  function update(next: Replicas): void {
    replicas = afterGrace(next, clock.monotonic(), lostGraceMs)
    for (const listener of listeners) listener()
  }

  function publish(model: Model): void {
    for (const slice of SLICES) publishSlice(slice, model)
  }

  function publishSlice<N extends SliceName>(slice: N, model: Model): void {
    const last = published[slice] as Published<N>
    const result = publication<N>(last, model[slice])
    if (result === undefined) return
    published[slice] = result.published as (typeof published)[N]
    publications.inc({ slice })
    items.set({ slice }, result.published.items.size)
    // Written once, whatever the number of replicas. Those that came before the first publication hold nothing to add to.
    const frame =
      last.sequence === 0 ? undefined : JSON.stringify(deltaOf(result.change as Change, result.published.version))
    for (const [id, socket] of sockets.get(slice) ?? []) {
      if (frame !== undefined) socket.send(frame)
      else sendWhole(slice, socket, heldWhole(id))
    }
  }

  // A controller that has published nothing yet has nothing to say: the replica keeps its last good copy.
  function sendWhole(slice: SliceName, socket: WebSocket, held: string | undefined): void {
    const { version, items: all, sequence } = published[slice]
    if (sequence > 0)
      send(socket, held === version ? { type: 'same', version } : { type: 'snapshot', version, items: [...all] })
  }

  function accept(slice: SliceName, socket: WebSocket): void {
    let id: string | undefined
    socket.on('message', (data) => {
      const frame = parse(String(data))
      if (frame === undefined) return socket.close(1008, 'not a frame of the feed')
      if (frame.type === 'hello') {
        id = frame.replica
        greet(slice, socket, frame)
      } else if (id !== undefined) heard(id, frame)
    })
    socket.on('close', () => {
      if (id !== undefined && sockets.get(slice)?.get(id) === socket) lost(slice, id)
    })
  }

  function lost(slice: SliceName, id: string): void {
    disconnected(slice, id)
    const replica = replicas.get(id)
    if (replica) update(withReplica(replicas, { ...replica, lostAt: clock.monotonic() }))
    tellPeers(slice)
    // The end of its grace changes how many replicas there are, and nothing else would tell of it.
    setTimeout(() => update(replicas), lostGraceMs + 1).unref()
  }

  function disconnected(slice: SliceName, id: string): void {
    sockets.get(slice)?.delete(id)
    connected.set({ slice }, sockets.get(slice)?.size ?? 0)
  }

  function greet(
    slice: SliceName,
    socket: WebSocket,
    { replica: id, url, version, ready }: Extract<FromReplica, { type: 'hello' }>,
  ): void {
    sockets.get(slice)?.get(id)?.close(1008, 'replaced by a newer connection')
    sockets.get(slice)?.set(id, socket)
    connected.set({ slice }, sockets.get(slice)?.size ?? 0)
    sendWhole(slice, socket, version)
    update(withReplica(replicas, { id, slice, url, ready, acked: version }))
    log.info({ slice, replica: id, version }, 'Replica connected')
    tellPeers(slice)
  }

  function heldWhole(id: string): string | undefined {
    const replica = replicas.get(id)
    return replica && wholeVersion(replica)
  }

  function heard(id: string, frame: Exclude<FromReplica, { type: 'hello' }>): void {
    const replica = replicas.get(id)
    if (replica === undefined) return
    switch (frame.type) {
      case 'ack':
        heardAck(replica, frame)
        break
      case 'nack':
        log.error(
          { slice: replica.slice, replica: id, version: frame.version, error: frame.error },
          'Replica refused a version',
        )
        update(withReplica(replicas, refusing(replica, frame)))
        break
      case 'ready':
        update(withReplica(replicas, { ...replica, ready: frame.ready }))
        tellPeers(replica.slice)
        break
      case 'goodbye':
        update(withoutReplica(replicas, id))
        disconnected(replica.slice, id)
        tellPeers(replica.slice)
        break
      default:
        frame satisfies never
    }
  }

  function heardAck(replica: Replica, frame: Extract<FromReplica, { type: 'ack' }>): void {
    const next = acknowledged(replica, frame)
    // It tries again and again: news is only what it says another way.
    if (next.refusedItems !== undefined && !isDeepStrictEqual(next.refusedItems, replica.refusedItems)) {
      const { slice, id, acked: version, refusedItems } = next
      log.warn(
        { slice, replica: id, version, items: refusedItems.length, first: refusedItems[0] },
        'Replica serves a version but for some items',
      )
    }
    update(withReplica(replicas, next))
  }

  function tellPeers(slice: SliceName): void {
    const peers = peersOf(slice, everyReplica(replicas.values(), elsewhere()))
    for (const socket of sockets.get(slice)?.values() ?? []) send(socket, { type: 'peers', peers })
  }

  return {
    publish,
    published: () => published,
    replicas: () => afterGrace(replicas, clock.monotonic(), lostGraceMs),
    onReplicas: (listener) => void listeners.add(listener),
    tellPeers: () => SLICES.forEach(tellPeers),
    routes: SLICES.map((slice) => ({
      matches: (path) => path === `/feed/${slice}`,
      ...(refuse && { refuse }),
      accept: (socket) => accept(slice, socket),
    })),
  }
}

// Ready and connected, sorted: every replica computes owners from the same list.
function peersOf(slice: SliceName, replicas: Iterable<Replica>): readonly Peer[] {
  const peers = new Map<string, Peer>()
  for (const { id, slice: own, url, ready, lostAt } of replicas)
    if (own === slice && ready && lostAt === undefined) peers.set(id, { id, url })
  return [...peers.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function deltaOf({ from, put, drop }: Change, version: string): FromController {
  return { type: 'delta', from, version, put, drop }
}

function send(socket: WebSocket, frame: FromController): void {
  socket.send(JSON.stringify(frame))
}

function parse(text: string): FromReplica | undefined {
  try {
    const frame = JSON.parse(text)
    return typeof frame?.type === 'string' ? frame : undefined
  } catch {
    return undefined
  }
}
