import type { Peer } from '#lib/model/slice.ts'
import type { Table } from '#lib/table.ts'
import type { PeerClient } from './peer-client.ts'
import { membersOf, type View, viewOf } from './view.ts'
import type { Frame } from './wire.ts'

/** Keeps the view and a connection to each other member; tells of each change of the view. */
export interface Members {
  readonly view: () => View
  readonly client: (id: string) => PeerClient | undefined
  /** Where others reach this replica; undefined until it is a member. */
  readonly url: () => string | undefined
  /** Another replica introduced itself, or said that it leaves. */
  readonly heard: (hello: Frame<'hello'>) => void
  readonly start: () => void
  /** Leaves: the view is the others'. */
  readonly leave: () => void
  readonly stop: () => void
}

export interface Line {
  readonly onUp: () => void
  readonly onDown: () => void
}

export interface MembersOptions {
  readonly replica: string
  readonly peers: Table<readonly Peer[]>
  readonly connect: (peer: Peer, line: Line) => PeerClient
  readonly onView: (last: View, next: View) => void
  /** A replica's logs can no longer come. */
  readonly onGone: (id: string) => void
}

export function createMembers({ replica, peers, connect, onView, onGone }: MembersOptions): Members {
  const clients = new Map<string, { readonly url: string; readonly client: PeerClient }>()
  /** Members that this replica was never told of, but that have introduced themselves: they may be draining. */
  const met = new Map<string, Peer>()
  const left = new Set<string>()
  let view = viewOf([])
  // Known once this replica has been listed: from then on it is a member, until it leaves.
  let url: string | undefined
  let isLeaving = false
  let stopWatching: (() => void) | undefined

  function refresh(): void {
    const listed = new Map(peers.current().map((peer) => [peer.id, peer]))
    url = listed.get(replica)?.url ?? url
    for (const id of left) if (!listed.has(id) && !clients.has(id)) left.delete(id)
    const next = viewOf(sighted([...listed.keys()]))
    const wanted = new Map([...met, ...[...listed].filter(([id]) => next.ids.includes(id))])
    // New connections first: the new view's logs go out on them.
    for (const peer of wanted.values()) if (peer.id !== replica) dial(peer)
    const last = view
    view = next
    if (next.name !== last.name) onView(last, next)
    for (const [id, { client }] of clients) {
      if (next.ids.includes(id) || wanted.has(id)) continue
      clients.delete(id)
      client.retire()
    }
  }

  function sighted(listed: readonly string[]): readonly string[] {
    const connected = [...clients].flatMap(([id, { client }]) => (client.isUp() ? [id] : []))
    const members = membersOf({ listed: url === undefined ? listed : [...listed, replica], connected, left })
    return isLeaving ? members.filter((id) => id !== replica) : members
  }

  function dial(peer: Peer): void {
    const held = clients.get(peer.id)
    if (peer.url === held?.url) return
    held?.client.retire()
    const isCurrent = () => clients.get(peer.id)?.client === client
    const client: PeerClient = connect(peer, {
      onUp: () => isCurrent() && refresh(),
      onDown() {
        if (!isCurrent()) return
        met.delete(peer.id)
        onGone(peer.id)
        refresh()
      },
    })
    clients.set(peer.id, { url: peer.url, client })
    client.start()
  }

  return {
    view: () => view,
    client: (id) => clients.get(id)?.client,
    url: () => url,
    heard({ replica: id, stays, url: theirs }) {
      if (id === replica) return
      if (stays) left.delete(id)
      else left.add(id)
      if (stays && theirs !== undefined && !clients.has(id)) met.set(id, { id, url: theirs })
      if (!stays) met.delete(id)
      refresh()
    },
    start() {
      stopWatching = peers.onSwap(refresh)
      refresh()
    },
    leave() {
      isLeaving = true
      refresh()
    },
    stop() {
      stopWatching?.()
      for (const { client } of clients.values()) client.retire()
      clients.clear()
    },
  }
}
