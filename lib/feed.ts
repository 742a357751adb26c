import type { Peer, SliceItems, SliceName } from './model/slice.ts'

/**
 * The feed's frames: JSON texts on one WebSocket, `GET /feed/<slice>` of the controller.
 *
 *   replica                          controller
 *      │ ── hello {replica, url, version?, ready} ──►│
 *      │ ◄── snapshot | same ────────────────────────│   `same`: the replica already holds the current version
 *      │ ── ack {version, refused?} ────────────────►│   sent once the version is what the replica serves, but for what it can't
 *      │ ◄── delta {from, version, put, drop} ───────│   pushed at each change; a gap is answered by a new hello
 *      │ ◄── peers [...] ────────────────────────────│   ready replicas of the same slice, itself included
 *      │ ── ready {ready} ──────────────────────────►│
 *      │ ── goodbye ────────────────────────────────►│   leaving on purpose: not to be waited for
 */
export type FromController<N extends SliceName = SliceName> =
  | {
      readonly type: 'snapshot'
      readonly version: string
      readonly items: readonly (readonly [string, SliceItems[N]])[]
    }
  | {
      readonly type: 'delta'
      readonly from: string
      readonly version: string
      readonly put: readonly (readonly [string, SliceItems[N]])[]
      readonly drop: readonly string[]
    }
  | { readonly type: 'same'; readonly version: string }
  | { readonly type: 'peers'; readonly peers: readonly Peer[] }

export type FromReplica =
  | {
      readonly type: 'hello'
      readonly replica: string
      readonly url: string
      readonly version?: string
      readonly ready: boolean
    }
  | {
      readonly type: 'ack'
      readonly version: string
      /** Items that are not served, each with the reason; all others of the version are. */
      readonly refused?: readonly (readonly [key: string, reason: string])[]
    }
  | { readonly type: 'nack'; readonly version: string; readonly error: string }
  | { readonly type: 'ready'; readonly ready: boolean }
  | { readonly type: 'goodbye' }
