import { reasonOf } from '#lib/error.ts'
import type { Refused } from '#lib/feed-client.ts'
import { pause } from '#lib/kube/pause.ts'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import type { Slice } from '#lib/model/slice.ts'
import type { Part } from '#lib/run.ts'
import { formerShape } from '../topology/declarations.ts'
import { depthsOf } from '../topology/depths.ts'
import { createTopologyMemory } from '../topology/memory.ts'
import { createPlacement } from '../topology/placement.ts'
import { retire } from './retired.ts'
import { createRoute, type Route, type RouteDeps } from './route.ts'
import type { RunningRoute, RunningRoutes } from './running.ts'
import { createSender } from './sender.ts'

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
/** A placement that failed is tried again long before all is declared anew: a stream just made may lack its member here. */
const PLACE_AGAIN_MS = 1_000

export interface RoutesOptions extends Omit<RouteDeps, 'queueOf'> {
  readonly settings: RouteDeps['settings'] & { readonly instance: string }
  readonly topologyIntervalMs: number
}

export function createRoutes(options: RoutesOptions): Routes {
  const { declarer, broker, log, clock, random, metrics, settings } = options
  const { publishing } = broker
  const { confirmTimeoutMs } = settings
  const send = createSender({ publishing, publish: publishing.publish, confirmTimeoutMs, random, tries: 1 })
  const placement = createPlacement({
    declarer,
    memory: createTopologyMemory(settings.instance, broker.consuming, send),
    log,
  })
  const routes = new Map<string, { readonly route: Route; readonly over: AbortController }>()
  const deps: RouteDeps = { ...options, queueOf: (key) => routes.get(key)?.route.running.queue }
  /** Routes of the newest model that this replica cannot make sense of, and why. */
  const unfit = new Map<string, string>()
  const stopping = new AbortController()
  let running: ReadonlyMap<string, RunningRoute> = new Map()
  let turn: Promise<void> = Promise.resolve()
  let asserting: NodeJS.Timeout | undefined
  let placingAgain: NodeJS.Timeout | undefined
  let model: Slice<'esb'> | undefined
  /** Why nothing can be placed on the broker. */
  let missing: string | undefined = 'not declared yet'
  /** Routes that the broker refuses, and why. */
  let misplaced: ReadonlyMap<string, string> = new Map()

  async function change(slice: Slice<'esb'>): Promise<void> {
    model = slice
    for (const key of [...routes.keys()]) if (!slice.has(key)) await end(key)
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
  }

  async function take(key: string, entry: MessageRouteEntry): Promise<void> {
    const present = routes.get(key)?.route
    if (present?.running.entry === entry || present?.update(entry)) return
    // Before anything is stopped: it may not compile.
    const mediation = deps.compile(entry)
    if (present !== undefined) await end(key)
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

  /** Brings the broker to the newest model. */
  async function place(again: boolean): Promise<void> {
    try {
      // Before the first model nothing is known to be gone: all that others have placed would be taken for leftovers. Nor
      // is a route gone that this replica alone cannot make sense of.
      if (model === undefined) await declarer.base()
      else misplaced = await placement.place([...model.values()], { again })
      missing = undefined
    } catch (error) {
      missing = reasonOf(error)
      declarer.forget()
      clearTimeout(placingAgain)
      // Where the broker is away, its return brings the next.
      if (broker.consuming.state().phase !== 'down') placingAgain = setTimeout(placeAgain, PLACE_AGAIN_MS)
    }
  }

  // In turn with changes: what was taken away meanwhile must not be declared again.
  function placeAgain(): void {
    turn = turn.then(async () => {
      if (stopping.signal.aborted) return
      await place(true)
      metrics.depths(await depthsOf(running.values(), declarer.depth, log))
    })
  }

  /** A queue that is stuck by itself is its route's affair; of a broker that has lost its majority no route hears. */
  function unheard(): string | undefined {
    const all = [...routes.values()].map(({ route }) => route)
    const isDeaf = all.some((route) => route.isUnheard()) && all.every(({ running }) => running.unready() !== undefined)
    return isDeaf ? 'the broker answers to no route' : undefined
  }

  function refused(): Refused {
    const waiting = [...routes].flatMap(([key, { route }]) => {
      const reason = missing ?? misplaced.get(key) ?? route.running.unready()
      return reason === undefined ? [] : [[key, reason] as const]
    })
    return new Map([...waiting, ...unfit])
  }

  return {
    name: 'routes',
    running: () => running,
    refused,
    async apply(slice) {
      // Those that could not be served before are not waited for again: the others are to be acknowledged soon.
      const before = refused()
      turn = turn.then(() => change(slice)).then(() => place(false))
      await turn
      const deadline = clock.monotonic() + PROGRAMMED_WITHIN_MS
      const isSettled = () => [...refused()].every(([key, reason]) => before.get(key) === reason)
      while (!isSettled() && !stopping.signal.aborted && clock.monotonic() < deadline) {
        await pause(LOOK_MS, stopping.signal)
      }
    },
    start() {
      asserting = setInterval(() => {
        declarer.forget()
        placeAgain()
      }, options.topologyIntervalMs)
      broker.consuming.onState(({ phase }) => {
        if (phase === 'up') placeAgain()
        else if (phase === 'down') missing = 'the broker is out of reach'
      })
      if (broker.consuming.state().phase !== 'down') placeAgain()
    },
    unready: () => missing ?? unheard(),
    async stop() {
      clearInterval(asserting)
      stopping.abort()
      await Promise.all([...routes.keys()].map(end))
      await turn
      clearTimeout(placingAgain)
    },
  }
}
