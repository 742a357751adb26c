import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import { pause } from '#lib/kube/pause.ts'
import { answered, type Kube, KubeError, type KubeObject, type Query, type WatchEvent } from '#lib/kube.ts'
import type { Log } from '#lib/log.ts'
import { type Backoff, backoffMs, jittered } from '#lib/retry.ts'
import type { Part } from '#lib/run.ts'
import { fullList } from './full-list.ts'
import { createStore, type Difference } from './store.ts'
import type { WatchMetrics } from './watch-metrics.ts'

/**
 * Keeps a copy of one kind, whatever the API server does.
 *
 *            ┌──── 410, 4xx, nonsense, 3 fruitless in a row, relist due ───────────┐
 *            ▼                                                                     │
 *   ──►  full list ──ok──► watch from its version ──closed, silent, lost──► pause ─┤
 *            │  ▲                    ▲                                             │
 *            └──┘ pause              └───────── from the last version seen ────────┘
 *
 * Every way out of a watch is normal and leads through the pause, so nothing can spin; nothing ends the loop but `stop`.
 */
export interface Reflector<T extends KubeObject> extends Part {
  /** The last copy, by `namespace/name`. It stays while the API server is away. */
  readonly objects: () => ReadonlyMap<string, T>
  /** The same objects; one of which only the status differs keeps its reference. */
  readonly desired: () => ReadonlyMap<string, T>
  /** The object as last seen, of one that is desired; undefined once it is no longer. */
  readonly newest: (desired: T) => T | undefined
  /** Whether a full list has been read: only then does absence mean anything. */
  readonly synced: () => boolean
}

export interface Pace {
  readonly pageLimit: number
  /** The watch's own end, asked of the server: from half of this to the whole, so that watches do not end in step. */
  readonly watchMs: number
  /** A watch that says nothing for so long, not even a bookmark, may be half open. */
  readonly idleMs: number
  /** The safety net: a full list about this often. */
  readonly relistMs: number
  /** A watch that stood this long was well: the next pause is the first again. */
  readonly healthyMs: number
  /** No contact for this long is told as not ready. */
  readonly silentMs: number
  readonly backoff: Backoff
}

export const PACE: Pace = {
  pageLimit: 500,
  watchMs: 600_000,
  idleMs: 150_000,
  relistMs: 600_000,
  healthyMs: 5_000,
  silentMs: 300_000,
  backoff: { baseMs: 200, maxMs: 8_000 },
}

export interface ReflectorOptions<T extends KubeObject> {
  /** The resource's full name, for logs and metrics. */
  readonly kind: string
  readonly path: string
  readonly query?: Query
  readonly kube: Pick<Kube, 'list' | 'watch'>
  /** Takes from an object what is kept. */
  readonly ingest: (object: T) => T
  /** What to tell when the API server does not know the kind. */
  readonly absent: string
  /** Called after each change, with what it changed at most; must return at once. */
  readonly onChange: (what: Exclude<Difference, 'none'>) => void
  readonly pace?: Partial<Pace>
  readonly metrics: WatchMetrics
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
}

/** A list that lacks more than half of at least this many objects is asked for twice. */
const SUSPICIOUS = { size: 10, share: 0.5 }
/** After so many watches that failed without one event, the version itself is in doubt. */
const DOUBTFUL_FAILURES = 3

type End = 'closed' | 'idle' | 'relist'

export function createReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  const { kind, path, query = {}, kube, metrics, clock, random, log } = options
  const pace: Pace = { ...PACE, ...options.pace }
  const store = createStore(options.ingest)
  const life = new AbortController()
  const firstTry = Promise.withResolvers<void>()
  let running: Promise<void> | undefined
  let synced = false
  let version: string | undefined
  let shrunk = false
  let relistAt = 0
  let openedAt: number | undefined
  let contactAt = clock.monotonic()
  let failures = 0
  let fault: string | undefined

  function touch(): void {
    contactAt = clock.monotonic()
    fault = undefined
  }

  function tell(what: Exclude<Difference, 'none'>): void {
    metrics.objects.set({ kind }, store.size())
    try {
      options.onChange(what)
    } catch (error) {
      log.error({ kind, error: reasonOf(error) }, 'Change listener failed')
    }
  }

  async function relist(): Promise<void> {
    const list = await fullList<T>(kube, path, query, {
      pageLimit: pace.pageLimit,
      signal: life.signal,
      onPage: touch,
    })
    if (isSuspicious(list.items)) {
      shrunk = true
      throw new Error(`a full list lacks more than half of the ${store.size()} objects held: asking again`)
    }
    shrunk = false
    const { changed, statuses } = store.replace(list.items)
    version = list.version
    relistAt = clock.monotonic() + jittered(pace.relistMs, 0.2, random)
    metrics.lists.inc({ kind, result: 'success' })
    if (synced && changed > 0) metrics.repairs.inc({ kind }, changed)
    const first = !synced
    synced = true
    if (first) log.info({ kind, objects: list.items.length }, 'First full list read')
    if (first || changed > 0) tell(first || changed > statuses ? 'desired' : 'status')
  }

  // A server that lost its data answers like one that is empty: believe it only when it says so twice.
  function isSuspicious(items: readonly T[]): boolean {
    return !shrunk && store.size() >= SUSPICIOUS.size && store.missingIn(items) > SUSPICIOUS.share
  }

  function take({ type, object }: WatchEvent): void {
    touch()
    failures = 0
    metrics.events.inc({ kind, type })
    const difference = type === 'BOOKMARK' ? 'none' : type === 'DELETED' ? dropped(object as T) : store.put(object as T)
    version = object.metadata.resourceVersion
    if (difference !== 'none') tell(difference)
  }

  function dropped(object: T): Difference {
    return store.drop(object) ? 'desired' : 'none'
  }

  async function watch(): Promise<End> {
    const own = new AbortController()
    let end: End = 'closed'
    const finish = (how: End) => {
      end = how
      own.abort()
    }
    const onStop = () => own.abort()
    life.signal.addEventListener('abort', onStop, { once: true })
    const silence = setTimeout(() => finish('idle'), pace.idleMs)
    const due = setTimeout(() => finish('relist'), Math.max(0, relistAt - clock.monotonic()))
    try {
      await kube.watch(
        path,
        { ...query, ...watchQuery() },
        {
          signal: own.signal,
          onOpen() {
            openedAt = clock.monotonic()
            touch()
            silence.refresh()
          },
          onEvent(event) {
            silence.refresh()
            take(event)
          },
        },
      )
    } catch (error) {
      if (end === 'closed') throw error
    } finally {
      clearTimeout(silence)
      clearTimeout(due)
      life.signal.removeEventListener('abort', onStop)
    }
    return end
  }

  function watchQuery(): Query {
    const seconds = Math.max(1, Math.round((pace.watchMs / 1_000) * (0.5 + random() / 2)))
    return { resourceVersion: version, allowWatchBookmarks: true, timeoutSeconds: seconds }
  }

  /** One list where one is needed, one watch to its end; how long the server asks to wait. */
  async function pass(): Promise<number> {
    openedAt = undefined
    // Due also while no watch stands long enough to be ended for it.
    if (version !== undefined && clock.monotonic() >= relistAt) version = undefined
    try {
      if (version === undefined) await relist()
      firstTry.resolve()
      if (life.signal.aborted) return 0
      const end = await watch()
      metrics.watches.inc({ kind, end })
      if (end === 'relist') version = undefined
      else if (++failures >= DOUBTFUL_FAILURES) version = undefined
      return 0
    } catch (error) {
      return afterFault(error)
    }
  }

  function afterFault(error: unknown): number {
    if (life.signal.aborted) return 0
    if (version === undefined) metrics.lists.inc({ kind, result: 'error' })
    else metrics.watches.inc({ kind, end: answered(error, 410) ? 'gone' : 'error' })
    fault = answered(error, 404) ? options.absent : reasonOf(error)
    firstTry.resolve()
    // An expired version is the server's ordinary housekeeping.
    if (answered(error, 410)) log.debug({ kind }, 'Watch version expired, listing again')
    else log.warn({ kind, error: fault }, 'API server failed this kind, trying again')
    const standing = standingAfter(error)
    if (standing === 'lost' || (standing === 'doubtful' && ++failures >= DOUBTFUL_FAILURES)) version = undefined
    return error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0
  }

  async function loop(): Promise<void> {
    let attempt = 0
    while (!life.signal.aborted) {
      const askedMs = await pass()
      if (openedAt !== undefined && clock.monotonic() - openedAt >= pace.healthyMs) attempt = failures = 0
      const asked = Math.min(askedMs, 120_000) * (1 + 0.1 * random())
      await pause(Math.max(asked, backoffMs(pace.backoff, attempt++, random)), life.signal)
    }
  }

  const gauge = () => metrics.contact.set({ kind }, (clock.monotonic() - contactAt) / 1_000)
  let ticking: NodeJS.Timeout | undefined

  function end(): void {
    clearInterval(ticking)
    life.abort()
    firstTry.resolve()
  }

  return {
    name: `watch ${kind}`,
    objects: store.current,
    desired: store.desired,
    newest: store.newest,
    synced: () => synced,
    start() {
      contactAt = clock.monotonic()
      gauge()
      ticking = setInterval(gauge, 1_000).unref()
      running ??= loop()
      return firstTry.promise
    },
    abandon: end,
    async stop() {
      end()
      await running
    },
    unready() {
      if (!synced) return fault ?? 'first full list is under way'
      const silentMs = clock.monotonic() - contactAt
      if (silentMs < pace.silentMs) return undefined
      return `no word from the API server for ${Math.round(silentMs / 1_000)} s${fault ? `: ${fault}` : ''}`
    },
  }
}

/** What a fault says of the version last seen: whether it can be asked for again. */
function standingAfter(error: unknown): 'good' | 'doubtful' | 'lost' {
  if (!(error instanceof KubeError) || error.reason === 'Malformed') return 'lost'
  // Nobody was there, or too busy to look: however often that happens, the version is as good as before.
  if (error.reason === 'Unreachable' || error.status === 429) return 'good'
  return error.status >= 500 ? 'doubtful' : 'lost'
}
