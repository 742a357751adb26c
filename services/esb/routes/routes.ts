import { reasonOf } from '#lib/error.ts'
import type { Refused } from '#lib/feed-client.ts'
import { pause } from '#lib/kube/pause.ts'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import type { Slice } from '#lib/model/slice.ts'
import type { Part } from '#lib/run.ts'
import { bindingsLost, type Declaration, formerShape, routeTopology, sourceTopology } from '../topology/declarations.ts'
import { deadLetterQueue, RESUME, seenStream } from '../topology/names.ts'
import { retire } from './retired.ts'
import { createRoute, type Route, type RouteDeps } from './route.ts'
import type { RunningRoute, RunningRoutes } from './running.ts'

/**
 * All routes of this replica, as the newest model has them.
 *
 *   model ──► start what is new, update or replace what differs, stop and unbind what is gone ──► all consume: acknowledged
 *                                                                   └── not in time: refused, by itself, with the reason
 */
export interface Routes extends Part {
  readonly running: RunningRoutes
  /** Resolves once all routes work, or in time all that do. */
  readonly apply: (slice: Slice<'esb'>) => Promise<void>
  /** Of the newest model, the routes that do not work, and why. */
  readonly refused: () => Refused
}

const PROGRAMMED_WITHIN_MS = 5_000
const LOOK_MS = 20

export interface RoutesOptions extends Omit<RouteDeps, 'queueOf'> {
  readonly topologyIntervalMs: number
}

export function createRoutes(options: RoutesOptions): Routes {
  const { declarer, broker, log, clock } = options
  const routes = new Map<string, { readonly route: Route; readonly over: AbortController }>()
  const deps: RouteDeps = { ...options, queueOf: (key) => routes.get(key)?.route.running.queue }
  /** What is on the broker by this replica's doing. */
  const declared = new WeakSet<MessageRouteEntry>()
  let bound: readonly Declaration[] = []
  /** Routes of the newest model that this replica cannot make sense of, and why. */
  const unfit = new Map<string, string>()
  /** Routes that are gone, and what they had may still be there. */
  const leftovers = new Map<string, MessageRouteEntry>()
  const stopping = new AbortController()
  let running: ReadonlyMap<string, RunningRoute> = new Map()
  let turn: Promise<void> = Promise.resolve()
  let asserting: NodeJS.Timeout | undefined
  let asserted: Promise<void> = Promise.resolve()
  /** Why the newest model could not be bound. */
  let fault: string | undefined
  let baseMissing: string | undefined = 'not declared yet'

  async function change(slice: Slice<'esb'>): Promise<void> {
    const gone = [...routes.values()].map(({ route }) => route.running).filter(({ key }) => !slice.has(key))
    for (const { key } of gone) await end(key)
    for (const [key, entry] of slice) {
      try {
        await take(key, entry)
        unfit.delete(key)
      } catch (error) {
        // It affects itself alone; the spec before it goes on.
        unfit.set(key, reasonOf(error))
        log.error({ route: key, error: reasonOf(error) }, 'Route does not compile')
      }
    }
    for (const key of unfit.keys()) if (!slice.has(key)) unfit.delete(key)
    running = new Map([...routes].map(([key, { route }]) => [key, route.running]))
    for (const { key, entry } of gone) leftovers.set(key, entry)
  }

  async function take(key: string, entry: MessageRouteEntry): Promise<void> {
    const present = routes.get(key)?.route
    if (present?.running.entry === entry || present?.update(entry)) return
    // Before anything is stopped: it may not compile.
    const mediation = deps.compile(entry)
    if (present !== undefined) await end(key)
    leftovers.delete(key)
    const route = createRoute(entry, mediation, deps)
    const over = new AbortController()
    routes.set(key, { route, over })
    void retire(formerShape(entry), route, { declarer, signal: over.signal, log })
  }

  async function end(key: string): Promise<void> {
    const found = routes.get(key)
    routes.delete(key)
    found?.over.abort()
    await found?.route
      .leave()
      .catch((error) => log.warn({ route: key, error: reasonOf(error) }, 'Route did not finish'))
  }

  /** Binds what is new, then takes away what led to routes as they were; queues of routes that are gone go, once empty. */
  async function bind(): Promise<void> {
    const entries = [...routes.values()].map(({ route }) => route.running.entry)
    for (const entry of entries) {
      if (declared.has(entry)) continue
      await declarer.route(entry)
      declared.add(entry)
    }
    const sources = entries.flatMap(sourceTopology)
    const former = [...bound, ...[...leftovers.values()].flatMap(sourceTopology)]
    await declarer.unbind(bindingsLost(former, sources))
    bound = sources
    for (const [key, entry] of leftovers) {
      await removeQueues(key, entry)
      leftovers.delete(key)
    }
  }

  async function removeQueues(key: string, entry: MessageRouteEntry): Promise<void> {
    const topology = routeTopology(entry, broker.consuming.version() ?? '')
    const queues = topology.flatMap((each) => (each.kind === 'queue' ? [each.name] : []))
    for (const queue of queues) {
      const isLetters = queue === deadLetterQueue(key)
      const found = await declarer.depth(queue)
      const isLeft = queue !== seenStream(key) && (found?.messages ?? 0) + (found?.consumers ?? 0) > 0
      // From here on nothing can fill it: what still waits for the route goes to the unroutable when its time comes.
      if (!isLeft && !isLetters)
        await declarer.unbind(
          bindingsLost(topology, []).filter(({ from, to }) => from === RESUME && 'queue' in to && to.queue === queue),
        )
      if (isLeft || !(await declarer.remove(queue)))
        log.warn(
          { route: key, queue, messages: found?.messages },
          'Queue of a route that is gone is kept: it is not empty',
        )
    }
  }

  /** Repairs what somebody deleted. */
  async function assertAll(): Promise<void> {
    try {
      await declarer.base()
      baseMissing = undefined
    } catch (error) {
      baseMissing = reasonOf(error)
      return
    }
    for (const { route } of routes.values()) {
      const each = route.running
      await declarer.route(each.entry).catch((error) => {
        log.warn({ route: each.key, error: reasonOf(error) }, 'Topology of a route cannot be declared')
      })
    }
  }

  function assertSoon(): void {
    asserted = asserted.then(() => (stopping.signal.aborted ? undefined : assertAll()))
  }

  function refused(): Refused {
    const waiting = [...routes].flatMap(([key, { route }]) => {
      const reason = fault ?? route.running.unready()
      return reason === undefined ? [] : [[key, reason] as const]
    })
    return new Map([...waiting, ...unfit])
  }

  return {
    name: 'routes',
    running: () => running,
    refused,
    async apply(slice) {
      const mine = turn.then(() => change(slice)).then(bind)
      // A change that failed must not keep the next from being made.
      turn = mine.catch(() => {})
      fault = await mine.then(() => undefined, reasonOf)
      const deadline = clock.monotonic() + PROGRAMMED_WITHIN_MS
      for (;;) {
        if (refused().size === 0 || stopping.signal.aborted || clock.monotonic() > deadline) return
        await pause(LOOK_MS, stopping.signal)
      }
    },
    start() {
      asserting = setInterval(assertSoon, options.topologyIntervalMs)
      broker.consuming.onState(({ phase }) => {
        if (phase === 'up') assertSoon()
        else if (phase === 'down') baseMissing = 'the broker is out of reach'
      })
      if (broker.consuming.state().phase !== 'down') assertSoon()
    },
    unready: () => baseMissing,
    async stop() {
      clearInterval(asserting)
      stopping.abort()
      await Promise.all([...routes.keys()].map(end))
      await asserted
    },
  }
}
