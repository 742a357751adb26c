import type { ServiceHealth } from './model/health.ts'

/**
 * Frames of the registry's watch (`GET /watch`; one JSON text each on a WebSocket, `data:` of each event on SSE).
 * `index` is `<epoch>.<number>`; a client whose epoch differs starts over from the snapshot.
 */
export type WatchFrame =
  | { readonly type: 'snapshot'; readonly index: string; readonly services: readonly ServiceHealth[] }
  | {
      readonly type: 'change'
      readonly index: string
      readonly put: readonly ServiceHealth[]
      readonly drop: readonly string[]
    }
