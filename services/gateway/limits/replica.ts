import type { Clock } from '#lib/clock.ts'
import type { Log } from '#lib/log.ts'
import type { Peer } from '#lib/model/slice.ts'
import type { Part } from '#lib/run.ts'
import type { Table } from '#lib/table.ts'
import type { WsRoute } from '#lib/ws.ts'
import { createBarrier } from './barrier.ts'
import type { Book } from './book.ts'
import type { Decide } from './decide.ts'
import { NOT_RELAYED } from './fallback.ts'
import { createHanding } from './handing.ts'
import { adopt } from './handover.ts'
import { createMembers, type Line } from './members.ts'
import { createPeerClient, type PeerClient } from './peer-client.ts'
import { createPeerServer, type Reply } from './peer-server.ts'
import type { LimitSettings } from './settings.ts'
import { createStanding } from './standing.ts'
import { type Answers, createTake, type Take } from './take.ts'
import type { View } from './view.ts'
import { askOfWire, type Frame, type FromOwner, type FromPeer, verdictToWire } from './wire.ts'

export interface ReplicaOptions {
  readonly replica: string
  readonly peers: Table<readonly Peer[]>
  readonly token: string | undefined
  readonly log: Log
  readonly clock: Clock
  readonly random: () => number
  readonly settings: LimitSettings
  readonly book: Book
  readonly decide: Decide
  /** How long an owner took to answer. */
  readonly observe: (ms: number) => void
}

/** This replica among the others: asks them for units of their counters, answers for its own, hands over what moves. */
export interface Replica extends Pick<Take, 'take'> {
  /** Replicas that share the counters, at least one. */
  readonly count: () => number
  readonly part: Part
  readonly route: WsRoute
}

/** How long a replica that leaves waits for the others to take its logs, and then to let go of it. */
const HAND_OVER_MS = 5_000
const LET_GO_MS = 1_000

export function createReplica(options: ReplicaOptions): Replica {
  const { replica, peers, token, log, clock, random, settings, book, decide } = options
  const { limitPeerTimeoutMs: timeoutMs, limitHandoverMs: holdMs } = settings
  let hasLeft = false
  const standing = createStanding()
  const barrier = createBarrier(replica, holdMs)
  const members = createMembers({ replica, peers, connect, onView, onGone })
  const { view, client } = members
  const handing = createHanding({ book, view, client, standing, clock })
  const { take, release } = createTake({ replica, view, client, barrier, standing, decide, clock })
  const server = createPeerServer(token, {
    hello: (frame) => members.heard(frame),
    asks: onAsks,
    release({ hops, items }) {
      for (const [counter, stamp] of items) release(askOfWire(book, counter), stamp, hops)
    },
    handover: onHandover,
    nonsense: (peer) => log.warn({ peer }, 'Replica cut off: what it says is not of this protocol'),
  })

  function hello(): FromPeer {
    const url = members.url()
    return { type: 'hello', replica, stays: !hasLeft, ...(url !== undefined && { url }) }
  }

  function connect(peer: Peer, line: Line): PeerClient {
    const { id } = peer
    let isKnownToBeDown = false
    return createPeerClient({
      ...{ peer, token, timeoutMs, holdMs, clock, random, observe: options.observe },
      hello,
      before: (asks) => handing.before(id, asks),
      onUp() {
        isKnownToBeDown = false
        line.onUp()
        void handing.handOver(id)
      },
      onDown(reason) {
        if (!isKnownToBeDown)
          log.warn({ peer: id, reason }, 'Replica out of reach, its limits are decided as onError says')
        isKnownToBeDown = true
        line.onDown()
      },
      onTook: (name) => handing.took(id, name),
    })
  }

  function onView(last: View, next: View): void {
    log.info({ replicas: next.ids }, 'Limits are shared anew')
    standing.entered(next.name)
    if (next.ids.includes(replica)) for (const id of next.ids) client(id)?.tell(hello())
    barrier.enter(last, next)
    void handing.handOver()
    for (const id of last.ids) if (!next.ids.includes(id)) onGone(id)
  }

  function onGone(id: string): void {
    standing.forget(id)
    barrier.gone(id)
    handing.gone(id)
  }

  function onAsks({ items }: Frame<'asks'>, from: string, reply: Reply): void {
    const held: number[] = []
    const decided: AnswerItem[] = []
    for (const [n, hops, counters] of items) {
      const asks = counters.map((counter) => askOfWire(book, counter))
      const answers = take(asks, { hops, from, unreachable: (part) => part.map(() => NOT_RELAYED) })
      if (!(answers instanceof Promise)) decided.push(itemOf(n, answers))
      else {
        held.push(n)
        void answers.then((late) => reply({ type: 'answers', items: [itemOf(n, late)], held: [] }))
      }
    }
    reply({ type: 'answers', items: decided, held })
  }

  function onHandover({ view: name, logs, last }: Frame<'handover'>, from: string, reply: Reply): void {
    standing.told(from, name)
    adopt(book, logs, clock.monotonic())
    if (last) {
      barrier.handedOver(from, name)
      reply({ type: 'took', view: name })
    }
    // Somebody with an older view sends what has moved on since.
    if (logs.length > 0 && name !== view().name && !standing.isAhead(from)) void handing.handOver()
  }

  async function leave(): Promise<void> {
    members.leave()
    await inTime(handing.settled(), HAND_OVER_MS)
    hasLeft = true
    for (const id of view().ids) client(id)?.tell(hello())
    await inTime(server.deserted(), LET_GO_MS)
    members.stop()
    barrier.stop()
  }

  return {
    take,
    count: () => Math.max(1, view().ids.length),
    part: { name: 'limits', start: members.start, stop: leave },
    route: server.route,
  }
}

type AnswerItem = Extract<FromOwner, { type: 'answers' }>['items'][number]

function itemOf(n: number, answers: Answers): AnswerItem {
  if (answers.some((each) => each?.unasked !== undefined)) return [n, null]
  return [n, answers.map((each) => (each === undefined ? null : verdictToWire(each)))]
}

async function inTime(done: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([done, late])
  clearTimeout(timer)
}
