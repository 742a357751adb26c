import { reasonOf } from './error.ts'
import type { FromController, FromReplica } from './feed.ts'
import type { Log } from './log.ts'
import type { Peer, Slice, SliceItems, SliceName } from './model/slice.ts'
import { type Backoff, backoffMs } from './retry.ts'
import type { Part } from './run.ts'
import { createTable, type Table } from './table.ts'
import { wsClient } from './ws.ts'

export interface FeedOptions<N extends SliceName> {
  readonly slice: N
  readonly controllerUrl: () => string
  readonly token: string | undefined
  /** Unique a replica and stable while the process lives. */
  readonly replica: string
  /** Base URL at which peers and the controller reach this replica's control port. */
  readonly url: () => string
  /**
   * Takes a whole table over; the version is acknowledged when it resolves, refused when it rejects. Called as versions come,
   * without waiting for the one before; of those that come together only for the last.
   */
  readonly apply: (slice: Slice<N>, version: string) => void | Promise<void>
  /** Of what was applied last, the items that are not served though the others are: the controller is told, and all is tried again. */
  readonly refused?: () => Refused
  readonly log: Log
  readonly random: () => number
  /** Between tries of a version that was refused: what is in its way may pass. */
  readonly backoff?: Backoff
}

/** Why an item cannot be served, by its key. */
export type Refused = ReadonlyMap<string, string>

export interface Feed extends Part {
  /** The version last applied; undefined before the first copy. */
  readonly version: () => string | undefined
  /** Whether the controller is out of reach, so that the copy may be old. */
  readonly isStale: () => boolean
  readonly peers: Table<readonly Peer[]>
  /** Tells the controller that this replica now serves, or no longer does. */
  readonly tellReady: (ready: boolean) => void
}

const BACKOFF: Backoff = { baseMs: 1_000, maxMs: 30_000 }

/** Keeps one slice of the model fresh: survives the controller's absence with its last good copy. */
export function createFeed<N extends SliceName>(options: FeedOptions<N>): Feed {
  const { slice, log, random, backoff = BACKOFF } = options
  const peers = createTable<readonly Peer[]>([])
  let held: { readonly version: string; readonly items: ReadonlyMap<string, SliceItems[N]> } | undefined
  let received: typeof held
  /** Deltas that came together with others, in the making: the table is copied once for all of them. */
  let draft:
    | { version: string; readonly items: Map<string, SliceItems[N]>; readonly taking: NodeJS.Immediate }
    | undefined
  let ready = false
  let isStale = true
  let receivedCount = 0
  let heldPlace = 0
  /** Whether nothing of the held version was refused. */
  let isWhole = true
  let retry: NodeJS.Timeout | undefined

  const client = wsClient({
    name: `feed ${slice}`,
    url: () => `${options.controllerUrl()}/feed/${slice}`,
    headers: () => (options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    random,
    onOpen() {
      isStale = false
      dropDraft()
      received = held
      tell({
        type: 'hello',
        replica: options.replica,
        url: options.url(),
        ready,
        // What was refused is told with the acknowledgement of the whole.
        ...(held && isWhole && { version: held.version }),
      })
    },
    onFrame: (frame) => onFrame(frame as FromController<N>),
    onDown(reason) {
      if (!isStale) log.warn({ slice, reason }, 'Controller out of reach, serving the last copy')
      isStale = true
    },
  })

  function tell(frame: FromReplica): void {
    client.send(frame)
  }

  function onFrame(frame: FromController<N>): void {
    switch (frame.type) {
      case 'same':
        tell({ type: 'ack', version: frame.version })
        break
      case 'snapshot':
        receive(frame.version, new Map(frame.items))
        break
      case 'delta':
        patch(frame)
        break
      case 'peers':
        peers.replace(frame.peers)
        break
      default:
        frame satisfies never
    }
  }

  function patch(frame: Extract<FromController<N>, { type: 'delta' }>): void {
    const version = draft?.version ?? received?.version
    if (version !== frame.from) {
      client.redial(`delta from ${frame.from}, held ${version}`)
      return
    }
    draft ??= { version: frame.from, items: new Map(received?.items), taking: setImmediate(takeDraft) }
    for (const key of frame.drop) draft.items.delete(key)
    for (const [key, item] of frame.put) draft.items.set(key, item)
    draft.version = frame.version
  }

  function takeDraft(): void {
    if (draft !== undefined) receive(draft.version, draft.items)
  }

  // Applied at once and in order; what must be waited for until a version is served holds up its acknowledgement alone. A
  // late one still counts, unless a newer version was acknowledged meanwhile: what is served is at least as new.
  function receive(version: string, items: ReadonlyMap<string, SliceItems[N]>): void {
    dropDraft()
    received = { version, items }
    takeOver(received, ++receivedCount, 0)
  }

  function dropDraft(): void {
    clearImmediate(draft?.taking)
    draft = undefined
  }

  function takeOver(next: NonNullable<typeof held>, place: number, attempt: number): void {
    const { version, items } = next
    clearTimeout(retry)
    const applied = (async () => options.apply(items, version))()
    applied.then(
      () => {
        if (place < heldPlace) return
        heldPlace = place
        held = next
        const refused = [...(options.refused?.() ?? [])]
        isWhole = refused.length === 0
        tell({ type: 'ack', version, ...(!isWhole && { refused }) })
        if (!isWhole && received === next) retry = setTimeout(again, backoffMs(backoff, attempt, random))
      },
      (error) => {
        log.error({ slice, version, error: reasonOf(error) }, 'Version refused, serving the last good one')
        tell({ type: 'nack', version, error: reasonOf(error) })
        if (received === next) retry = setTimeout(again, backoffMs(backoff, attempt, random))
      },
    )
    const again = () => {
      if (received === next) takeOver(next, place, attempt + 1)
    }
  }

  return {
    name: client.name,
    start: client.start,
    stop() {
      dropDraft()
      received = undefined
      clearTimeout(retry)
      tell({ type: 'goodbye' })
      return client.stop()
    },
    unready: () => (held === undefined ? 'no copy of the model yet' : undefined),
    version: () => held?.version,
    isStale: () => isStale,
    peers,
    tellReady(next) {
      ready = next
      tell({ type: 'ready', ready })
    },
  }
}
