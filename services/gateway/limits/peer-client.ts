import type { Clock } from '#lib/clock.ts'
import type { Peer } from '#lib/model/slice.ts'
import { wsClient } from '#lib/ws.ts'
import type { Ask, Verdict } from './decide.ts'
import { type FromOwner, type FromPeer, PEER_PATH, toWire, verdictOfWire, type WireAsk } from './wire.ts'

/** What a peer answered to the asks of one request; undefined where an earlier counter had refused. */
export type PeerVerdicts = readonly (Verdict | undefined)[]

/** This replica's way to one other: asks go out in one frame per turn of the event loop. */
export interface PeerClient {
  /** Dials, and again for ever until it is retired. */
  readonly start: () => void
  /** The peer's verdicts, or undefined when it cannot be asked in time. */
  readonly ask: (asks: readonly Ask[], hops: number) => Promise<PeerVerdicts | undefined>
  /** Sends now, in order with all else; false while there is no connection. */
  readonly tell: (frame: FromPeer) => boolean
  readonly isUp: () => boolean
  /** Closes once what was asked is answered or overdue. */
  readonly retire: () => void
}

export interface PeerClientOptions {
  readonly peer: Peer
  /** What to introduce this replica with. */
  readonly hello: () => FromPeer
  /** What has to be there before these asks are: logs of their counters. */
  readonly before: (asks: readonly Ask[]) => FromPeer | undefined
  readonly token: string | undefined
  readonly timeoutMs: number
  /** How much longer to wait for an answer that the peer holds back until it has the logs. */
  readonly holdMs: number
  readonly clock: Clock
  readonly random: () => number
  readonly onUp: () => void
  readonly onDown: (reason: string) => void
  readonly onTook: (view: string) => void
  readonly observe: (ms: number) => void
}

interface Waiting {
  readonly asks: readonly Ask[]
  readonly hops: number
  readonly settle: (verdicts: PeerVerdicts | undefined) => void
  readonly since: number
}

/** After a timeout, how long until the peer is tried again: a stuck peer must not cost each request the timeout. */
export const SUSPECT_MS = 1_000

export function createPeerClient(options: PeerClientOptions): PeerClient {
  const { peer, token, timeoutMs, holdMs, clock } = options
  const waiting = new Map<number, Waiting>()
  const held = new Set<number>()
  /** Asked in this turn; and asked, but not sent since the first connection is still being made. */
  let [turn, unsent]: [number[], number[]] = [[], []]
  let isDown = false
  let suspectUntil = 0
  let count = 0
  let retired = false

  const client = wsClient({
    name: `limits of ${peer.id}`,
    url: () => `${peer.url}${PEER_PATH}`,
    headers: () => (token === undefined ? {} : { authorization: `Bearer ${token}` }),
    random: options.random,
    onOpen(send) {
      isDown = false
      suspectUntil = 0
      send(options.hello())
      options.onUp()
      flush()
    },
    onFrame: (frame) => onFrame(frame as FromOwner),
    onDown(reason) {
      isDown = true
      // What was asked may have been counted there: the stricter side.
      for (const n of [...waiting.keys()]) settle(n, undefined)
      options.onDown(reason)
    },
  })

  function onFrame(frame: FromOwner): void {
    suspectUntil = 0
    if (frame.type === 'took') options.onTook(frame.view)
    else onAnswers(frame)
  }

  function onAnswers(frame: Extract<FromOwner, { type: 'answers' }>): void {
    const first = waiting.get(frame.items[0]?.[0] ?? -1)
    if (first) options.observe(clock.monotonic() - first.since)
    for (const [n, verdicts] of frame.items)
      settle(
        n,
        verdicts?.map((each) => (each === null ? undefined : verdictOfWire(each))),
      )
    const kept = frame.held.filter((n) => waiting.has(n))
    for (const n of kept) held.add(n)
    if (kept.length > 0) expireIn(timeoutMs + holdMs, kept)
  }

  // An answer that is overdue finds nobody: its unit stays taken at the owner, which can only refuse more.
  function settle(n: number, verdicts: PeerVerdicts | undefined): void {
    const asked = waiting.get(n)
    waiting.delete(n)
    held.delete(n)
    asked?.settle(verdicts)
    if (retired && waiting.size === 0) client.stop()
  }

  function onTurn(): void {
    expireIn(timeoutMs, turn)
    unsent.push(...turn)
    turn = []
    flush()
  }

  function flush(): void {
    if (!client.isUp()) return
    const due = unsent.flatMap((n): [number, Waiting][] => {
      const asked = waiting.get(n)
      return asked ? [[n, asked]] : []
    })
    unsent = []
    if (due.length === 0) return
    const logs = options.before(due.flatMap(([, { asks }]) => asks))
    if (logs !== undefined) client.send(logs)
    const items = due.map(([n, { hops, asks }]): WireAsk => [n, hops, asks.map(toWire)])
    client.send({ type: 'asks', items } satisfies FromPeer)
  }

  // A turn later than the timer: after a pause of this process timers come first, though the answers are there already.
  function expireIn(ms: number, asked: readonly number[]): void {
    setTimeout(() => setImmediate(expire, asked), ms)
  }

  function expire(asked: readonly number[]): void {
    const overdue = asked.filter((n) => waiting.has(n) && !held.delete(n))
    if (overdue.length > 0) suspectUntil = clock.monotonic() + SUSPECT_MS
    for (const n of overdue) settle(n, undefined)
  }

  return {
    start: () => void client.start(),
    ask(asks, hops) {
      const since = clock.monotonic()
      if (isDown || retired || since < suspectUntil) return Promise.resolve(undefined)
      if (turn.length === 0) setImmediate(onTurn)
      const n = ++count
      turn.push(n)
      return new Promise((resolve) => waiting.set(n, { asks, hops, settle: resolve, since }))
    },
    tell: client.send,
    isUp: client.isUp,
    retire() {
      retired = true
      if (waiting.size === 0) client.stop()
    },
  }
}
