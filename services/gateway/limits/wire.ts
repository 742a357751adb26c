import type { RateLimit } from '#lib/model/gateway.ts'
import type { Book } from './book.ts'
import { identityOf } from './counters.ts'
import type { Ask, Verdict } from './decide.ts'
import { keyOfText, keyText } from './key.ts'

/**
 * Frames between gateway replicas: JSON texts on one WebSocket, `GET /limits/peers` of the control port. Each replica
 * dials each other one, asks on the connection it dialled, and is answered there; frames keep their order.
 *
 *   replica                                    owner
 *      │ ── hello {replica, stays, url} ───────►│   and again when it leaves: `stays: false`, everything is handed over
 *      │ ── asks [[n, hops, counters], …] ─────►│   all requests of one turn of the event loop
 *      │ ◄── answers [[n, verdicts], …], held ──│   `held`: not decided yet (a log is on its way), but not lost either
 *      │ ── release {hops, [[counter, stamp]]} ►│   another limit refused: as if never asked
 *      │ ── handover {view, logs, last} ───────►│   logs whose counters are the other's; `last` even when there are none
 *      │ ◄── took {view} ───────────────────────│   after the last
 */
export type FromPeer =
  /** `url` is where a member is reached: one that the controllers no longer list is still to be asked. */
  | { readonly type: 'hello'; readonly replica: string; readonly stays: boolean; readonly url?: string }
  | { readonly type: 'asks'; readonly items: readonly WireAsk[] }
  | {
      readonly type: 'release'
      readonly hops: number
      readonly items: readonly (readonly [counter: WireCounter, stamp: number])[]
    }
  | { readonly type: 'handover'; readonly view: string; readonly logs: readonly WireLog[]; readonly last: boolean }

export type Frame<T extends FromPeer['type']> = Extract<FromPeer, { readonly type: T }>

export type FromOwner =
  | {
      readonly type: 'answers'
      /** A verdict is null when an earlier counter had refused; all of them are when one could not be asked. */
      readonly items: readonly (readonly [n: number, verdicts: readonly (WireVerdict | null)[] | null])[]
      readonly held: readonly number[]
    }
  | { readonly type: 'took'; readonly view: string }

/** `hops`: how many replicas the ask has come through already. */
export type WireAsk = readonly [n: number, hops: number, counters: readonly WireCounter[]]
/** The limit goes along: a peer whose configuration is a moment behind can decide all the same. */
export type WireCounter = readonly [
  id: string,
  by: string,
  key: string,
  name: string,
  limit: number,
  periodMs: number,
  mode: RateLimit['mode'],
]
export type WireVerdict = readonly [ok: boolean, remaining: number, waitMs: number, stamp: number | null]
/** Ages, oldest first: stamps of one replica's clock mean nothing to another. */
export type WireLog = readonly [counter: WireCounter, agesMs: readonly number[]]

export const PEER_PATH = '/limits/peers'

export function toWire({ counters, key }: Ask): WireCounter {
  const limit = counters.limit()
  return [limit.id, keyText(limit.key), key, limit.name, limit.limit, limit.periodMs, limit.mode]
}

/** The counter that is meant: by this replica's own configuration, else by what the frame says of the limit. */
export function askOfWire(book: Book, [id, by, key, name, limit, periodMs, mode]: WireCounter): Ask {
  const kind = keyOfText(by) ?? { by: 'global' }
  const counters =
    book.at(identityOf({ id, key: kind })) ??
    book.of({ id, name, limit, periodMs, mode, key: kind, scope: 'cluster', onError: 'local' })
  return { counters, key }
}

export function verdictToWire({ ok, remaining, waitMs, stamp }: Verdict): WireVerdict {
  return [ok, remaining, waitMs, stamp ?? null]
}

export function verdictOfWire([ok, remaining, waitMs, stamp]: WireVerdict): Verdict {
  return { ok, remaining, waitMs, stamp: stamp ?? undefined }
}

const FRAMES = new Map<string, (frame: Record<string, unknown>) => boolean>([
  [
    'hello',
    ({ replica, stays, url }) => isText(replica) && typeof stays === 'boolean' && (url === undefined || isText(url)),
  ],
  ['asks', ({ items }) => isList(items, ([n, hops, counters]) => isCount(n) && isCount(hops) && areCounters(counters))],
  [
    'release',
    ({ hops, items }) => isCount(hops) && isList(items, ([counter, stamp]) => isCounter(counter) && isTime(stamp)),
  ],
  [
    'handover',
    ({ view, logs, last }) =>
      isText(view) &&
      typeof last === 'boolean' &&
      isList(logs, ([counter, ages]) => isCounter(counter) && Array.isArray(ages) && ages.every(isTime)),
  ],
])

/** The frame, or undefined for what is none: a peer of another version, or something that is no peer. */
export function frameOfPeer(text: string): FromPeer | undefined {
  try {
    const frame = JSON.parse(text)
    return FRAMES.get(frame?.type)?.(frame) === true ? frame : undefined
  } catch {
    return undefined
  }
}

function isList(value: unknown, check: (item: readonly unknown[]) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => Array.isArray(item) && check(item))
}

function areCounters(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isCounter)
}

function isCounter(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  const [id, by, key, name, limit, periodMs, mode] = value
  const isMeant = [id, by, key, name].every(isText) && keyOfText(by) !== undefined
  return isMeant && isCount(limit) && limit <= 1_000_000 && isTime(periodMs) && (mode === 'Enforce' || mode === 'Audit')
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}

function isTime(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0
}
