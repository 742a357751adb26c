import type { Clock } from '#lib/clock.ts'
import type { Log } from '#lib/log.ts'
import { type MessageRouteEntry, needsOneOwner, routeKey } from '#lib/model/esb.ts'
import type { Broker } from '../broker.ts'
import type { Mediation, Ports, Remembered, ServiceAnswer, ServiceRequest } from '../mediations/plan.ts'
import type { EsbMetrics } from '../metrics.ts'
import type { Declarer } from '../topology/declarer.ts'
import { routeQueue, seenStream } from '../topology/names.ts'
import { type Consumer, createConsumer } from './consumer.ts'
import { createDeliver } from './deliver.ts'
import { createHandler } from './handle.ts'
import { createInHand } from './in-hand.ts'
import type { RunningRoute } from './running.ts'
import { createSeen, type Seen } from './seen.ts'
import { createSender, type Send } from './sender.ts'
import { createPutAway } from './settle.ts'
import { createThrottle, prefetchUnder, type Throttle } from './throttle.ts'

export interface RouteDeps {
  readonly broker: Broker
  readonly declarer: Declarer
  readonly compile: (entry: MessageRouteEntry) => Mediation
  readonly call: (request: ServiceRequest) => Promise<ServiceAnswer>
  readonly queueOf: (route: string) => string | undefined
  readonly settings: { readonly confirmTimeoutMs: number; readonly maxHops: number; readonly maxMessageBytes: number }
  readonly metrics: EsbMetrics
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
}

/** A route at work: it consumes from the moment it is made. */
export interface Route {
  readonly running: RunningRoute
  /** Works by another spec from the next message on; false when that takes another route: other queue, other prefetch. */
  readonly update: (entry: MessageRouteEntry) => boolean
  /** Reads a queue that the route had before, beside its own. */
  readonly drain: (queue: string) => Consumer
  /** Whether the broker does not answer to it. */
  readonly isUnheard: () => boolean
  readonly leave: () => Promise<void>
}

/** Unknown outcomes in a row after which a delivery counts as failed. */
const TRIES = 3

export function createRoute(first: MessageRouteEntry, compiled: Mediation, deps: RouteDeps): Route {
  const { broker, declarer, clock, random, settings } = deps
  const key = routeKey(first)
  const queue = routeQueue(key, needsOneOwner(first))
  let entry = first
  let mediation = compiled
  let throttles = throttlesOf(first, clock)
  const metrics = deps.metrics.of(key)
  const inHand = createInHand(clock.monotonic)
  const lane = broker.publishing.publisher(`route ${key}`)
  const sender = (publish: typeof lane.publish, tries: number) =>
    createSender({ publishing: broker.publishing, publish, random, tries, confirmTimeoutMs: settings.confirmTimeoutMs })
  const send: Send = sender(broker.publishing.publish, TRIES)
  const seen = seenBy(first, { broker, send, clock })
  const handler = createHandler({
    ...{ route: key, queue, seen, send, metrics, clock, log: deps.log },
    ...{ maxHops: settings.maxHops, maxBytes: settings.maxMessageBytes },
    mediation: () => mediation,
    throttles: () => throttles,
    ports: portsOf(deps, seen),
    deliver: createDeliver({
      ...{ namespace: first.namespace, call: deps.call, queueOf: deps.queueOf, random },
      send: sender(lane.publish, TRIES),
    }),
    putAway: createPutAway({
      ...{ route: key, entry: () => entry, queue, send, metrics, clock, random, log: deps.log },
    }),
  })

  function consume(name: string, from: string, prepare: () => Promise<void>): Consumer {
    return createConsumer(broker.consuming, {
      ...{ name, queue: from, prefetch: prefetchOf(first), prepare, handler, inHand },
      patienceMs: settings.confirmTimeoutMs,
      async takeOver() {
        const windowMs = windowOf(entry)
        if (seen !== undefined && windowMs !== undefined) await seen.load(windowMs)
      },
    })
  }
  const consumer = consume(`route ${key}`, queue, () => declarer.route(entry))

  return {
    running: {
      ...{ key, queue },
      get entry() {
        return entry
      },
      get mediation() {
        return mediation
      },
      unready: () => consumer.unready() ?? lane.unready(),
      inHand: () => ({ count: inHand.count(), oldestMs: inHand.oldestMs() }),
    },
    update(next) {
      if (!fits(next, entry)) return false
      mediation = deps.compile(next)
      if (JSON.stringify(next.steps) !== JSON.stringify(entry.steps)) throttles = throttlesOf(next, clock)
      entry = next
      return true
    },
    drain: (former) => consume(`route ${key}, former queue`, former, async () => {}),
    isUnheard: consumer.isUnheard,
    async leave() {
      await consumer.leave()
      await lane.leave()
      metrics.forget()
    },
  }
}

function fits(next: MessageRouteEntry, present: MessageRouteEntry): boolean {
  return (
    next.uid === present.uid &&
    needsOneOwner(next) === needsOneOwner(present) &&
    windowOf(next) === windowOf(present) &&
    prefetchOf(next) === prefetchOf(present)
  )
}

function portsOf({ clock, call }: RouteDeps, seen: Seen | undefined): Ports {
  const has = (remembered: Remembered) => seen?.has(remembered) ?? false
  return { monotonic: clock.monotonic, call, seen: has, withValues: false }
}

function seenBy(
  entry: MessageRouteEntry,
  { broker, send, clock }: { readonly broker: Broker; readonly send: Send; readonly clock: Clock },
): Seen | undefined {
  if (windowOf(entry) === undefined) return undefined
  const stream = seenStream(routeKey(entry))
  return createSeen({ stream, consuming: broker.consuming, send, clock })
}

function throttlesOf({ steps }: MessageRouteEntry, clock: Clock): readonly Throttle[] {
  return steps.filter((step) => step.kind === 'throttle').map((step) => createThrottle(step, clock))
}

function prefetchOf({ steps, prefetch }: MessageRouteEntry): number {
  return prefetchUnder(
    steps.filter((step) => step.kind === 'throttle'),
    prefetch,
  )
}

function windowOf({ steps }: MessageRouteEntry): number | undefined {
  const windows = steps.flatMap((step) => (step.kind === 'dedupe' ? [step.windowMs] : []))
  return windows.length === 0 ? undefined : Math.max(...windows)
}
