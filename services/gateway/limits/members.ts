import type { Peer } from '#lib/model/slice.ts'
import type { Table } from '#lib/table.ts'
import type { PeerClient } from './peer-client.ts'
import { membersOf, type View, viewOf } from './view.ts'

/** Keeps the view and a connection to each other member; tells of each change of the view. */
export interface Members {
  readonly view: () => View
  readonly client: (id: string) => PeerClient | undefined
  /** Another replica introduced itself, or said that it leaves. */
  readonly heard: (id: string, stays: boolean) => void
  readonly start: () => void
  /** Leaves: the view is the others'. */
  readonly leave: () => void
  readonly isLeaving: () => boolean
  readonly stop: () => void
}

export interface MembersOptions {
  readonly replica: string
  readonly peers: Table<readonly Peer[]>
  readonly connect: (peer: Peer, onDown: () => void) => PeerClient
  readonly onView: (last: View, next: View) => void
  /** A replica's logs can no longer come. */
  readonly onGone: (id: string) => void
}

export function createMembers({ replica, peers, connect, onView, onGone }: MembersOptions): Members {
  const clients = new Map<string, { readonly url: string; readonly client: PeerClient }>()
  const left = new Set<string>()
  let view = viewOf([])
  let hasJoined = false
  let isLeaving = false
  let stopWatching: (() => void) | undefined

  function refresh(): void {
    const listed = new Map(peers.current().map((peer) => [peer.id, peer]))
    hasJoined ||= listed.has(replica)
    for (const id of left) if (!listed.has(id) && !clients.has(id)) left.delete(id)
    const next = viewOf(sighted([...listed.keys()]))
    // New connections first: the new view's logs go out on them.
    for (const id of next.ids) dial(id, listed.get(id))
    const last = view
    view = next
    if (next.name !== last.name) onView(last, next)
    for (const [id, { client }] of clients) {
      if (next.ids.includes(id)) continue
      clients.delete(id)
      client.retire()
    }
  }

  function sighted(listed: readonly string[]): readonly string[] {
    const connected = [...clients].flatMap(([id, { client }]) => (client.isUp() ? [id] : []))
    const members = membersOf({ listed: hasJoined ? [...listed, replica] : listed, connected, left })
    return isLeaving ? members.filter((id) => id !== replica) : members
  }

  function dial(id: string, peer: Peer | undefined): void {
    const held = clients.get(id)
    if (id === replica || peer === undefined || peer.url === held?.url) return
    held?.client.retire()
    const client: PeerClient = connect(peer, () => {
      if (clients.get(id)?.client !== client) return
      onGone(id)
      refresh()
    })
    clients.set(id, { url: peer.url, client })
    client.start()
  }

  return {
    view: () => view,
    client: (id) => clients.get(id)?.client,
    heard(id, stays) {
      if (stays) left.delete(id)
      else left.add(id)
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
    isLeaving: () => isLeaving,
    stop() {
      stopWatching?.()
      for (const { client } of clients.values()) client.retire()
      clients.clear()
    },
  }
}
