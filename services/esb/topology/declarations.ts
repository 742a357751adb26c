import { gte } from 'semver'
import { type MessageRouteEntry, needsOneOwner, routeKey } from '#lib/model/esb.ts'
import {
  AUDIT,
  CHANNELS,
  DELAY_LEVELS,
  DLX,
  deadLetterQueue,
  delayQueue,
  dotted,
  IN,
  RESUME,
  routeQueue,
  SEED_EXCHANGE,
  seenStream,
  TAP,
  topologyStream,
  UNROUTABLE,
} from './names.ts'

/** One thing on the broker, as data. Order matters within a list: what is bound stands before its binding. */
export type Declaration =
  | {
      readonly kind: 'exchange'
      readonly name: string
      readonly type: 'direct' | 'topic' | 'fanout'
      readonly durable: boolean
      readonly arguments?: Arguments
    }
  /** Somebody else's: declared where it is missing, taken as it is where it is not. */
  | { readonly kind: 'foreignExchange'; readonly name: string; readonly type: 'direct' | 'topic' | 'fanout' }
  | { readonly kind: 'queue'; readonly name: string; readonly arguments: Arguments }
  | Binding

export interface Binding {
  readonly kind: 'binding'
  readonly from: string
  readonly key: string
  readonly to: { readonly queue: string } | { readonly exchange: string }
}

type Arguments = Readonly<Record<string, unknown>>

const OLDEST_BROKER = '3.10.0'

/** Why the bus cannot work on this broker; undefined when it can. Quorum queues have message TTL and at-least-once dead letters from 3.10 on. */
export function brokerFault(version: string | undefined): string | undefined {
  if (version === undefined) return 'the broker does not tell its version: RabbitMQ 3.10 or newer is needed'
  const plain = /^\d+\.\d+\.\d+/.exec(version)?.[0]
  if (plain !== undefined && gte(plain, OLDEST_BROKER)) return undefined
  return `the broker is RabbitMQ ${version}: 3.10 or newer is needed`
}

const GIB = 1_073_741_824
const DAY_MS = 86_400_000

/** Safety is in arguments, not in policies: a displaced policy would turn at-least-once off, and delete what is pending. */
const AT_LEAST_ONCE = { 'x-overflow': 'reject-publish', 'x-dead-letter-strategy': 'at-least-once' }
const WITH_FALLBACK = { 'alternate-exchange': UNROUTABLE }

/** What the bus has on a broker without any route. */
export function baseTopology(instance: string): readonly Declaration[] {
  return [
    { kind: 'exchange', name: UNROUTABLE, type: 'fanout', durable: true },
    quorum(UNROUTABLE, { 'x-overflow': 'reject-publish' }),
    { kind: 'binding', from: UNROUTABLE, key: '', to: { queue: UNROUTABLE } },
    { kind: 'exchange', name: IN, type: 'topic', durable: true, arguments: WITH_FALLBACK },
    // Without the alternate, letters for a queue that is gone would hold up all others of their delay.
    { kind: 'exchange', name: RESUME, type: 'direct', durable: true, arguments: WITH_FALLBACK },
    { kind: 'exchange', name: DLX, type: 'direct', durable: true, arguments: WITH_FALLBACK },
    // Just as the clients of the wild declare it: whoever comes second with other properties would be refused.
    { kind: 'exchange', name: SEED_EXCHANGE, type: 'direct', durable: false },
    ...Array.from({ length: DELAY_LEVELS }, (_none, level) => delay(level)).flat(),
    stream(TAP, 7 * DAY_MS),
    stream(CHANNELS, DAY_MS),
    stream(AUDIT, 90 * DAY_MS),
    {
      kind: 'queue',
      name: topologyStream(instance),
      arguments: { 'x-queue-type': 'stream', 'x-max-length-bytes': GIB },
    },
  ]
}

/** What one route has on the broker. */
export function routeTopology(entry: MessageRouteEntry, version: string): readonly Declaration[] {
  const route = routeKey(entry)
  const queue = routeQueue(route, needsOneOwner(entry))
  const letters = deadLetterQueue(route)
  return [
    quorum(letters, {
      'x-overflow': 'reject-publish',
      'x-max-length-bytes': entry.maxDeadLetterBytes,
      // Each look at a dead letter would count as a delivery, and the twentieth would drop it. 3.10 has no limit of its own.
      ...(gte(version, '4.0.0') && { 'x-delivery-limit': -1 }),
    }),
    { kind: 'binding', from: DLX, key: dotted(route), to: { queue: letters } },
    quorum(queue, {
      ...AT_LEAST_ONCE,
      'x-max-length-bytes': entry.maxQueueBytes,
      'x-dead-letter-exchange': DLX,
      'x-dead-letter-routing-key': dotted(route),
      // A net for what kills its reader again and again; ordinary failures never come near.
      'x-delivery-limit': 20,
      ...(needsOneOwner(entry) && { 'x-single-active-consumer': true }),
    }),
    // What waits for a queue of the other shape comes to this one, too.
    ...[true, false].map((oneOwner): Declaration => {
      return { kind: 'binding', from: RESUME, key: routeQueue(route, oneOwner), to: { queue } }
    }),
    ...(entry.steps.some(({ kind }) => kind === 'dedupe') ? [stream(seenStream(route), DAY_MS)] : []),
    ...sourceTopology(entry),
  ]
}

/** What leads to a route's queues from the bus's own exchanges, whichever shape it had. */
export function ownBindings(route: string): readonly Binding[] {
  const shapes = [true, false].map((oneOwner) => routeQueue(route, oneOwner))
  return shapes.flatMap((queue) =>
    shapes.map((key): Binding => ({ kind: 'binding', from: RESUME, key, to: { queue } })),
  )
}

/** The queue that a route had while it was of the other shape, and all that led there. */
export function formerShape(entry: MessageRouteEntry): {
  readonly queue: string
  readonly bindings: readonly Binding[]
} {
  const route = routeKey(entry)
  const queue = routeQueue(route, !needsOneOwner(entry))
  const sources = sourceTopology(entry).filter(isBinding)
  const resumed = [true, false].map((oneOwner): Binding => {
    return { kind: 'binding', from: RESUME, key: routeQueue(route, oneOwner), to: { queue } }
  })
  const own = sources.filter(({ to }) => 'queue' in to).map((each): Binding => ({ ...each, to: { queue } }))
  return { queue, bindings: [...own, ...resumed] }
}

/** Where a route's messages come from: what goes when its source does. */
export function sourceTopology(entry: MessageRouteEntry): readonly Declaration[] {
  const { source } = entry
  if (source === undefined) return []
  const queue = routeQueue(routeKey(entry), needsOneOwner(entry))
  if (source.exchange === SEED_EXCHANGE) {
    return source.keys.flatMap((key): readonly Declaration[] => [
      { kind: 'binding', from: SEED_EXCHANGE, key, to: { exchange: IN } },
      { kind: 'binding', from: IN, key, to: { queue } },
    ])
  }
  const keys = source.keys.length > 0 ? source.keys : ['']
  return [
    { kind: 'foreignExchange', name: source.exchange, type: source.type },
    ...keys.map((key): Declaration => ({ kind: 'binding', from: source.exchange, key, to: { queue } })),
  ]
}

/**
 * What binds the one and not the other. The way of a seed key into the bus is shared by all routes on that key, so those
 * that stay are among `kept`.
 */
export function bindingsLost(before: readonly Declaration[], kept: readonly Declaration[]): readonly Binding[] {
  const has = new Set(kept.filter(isBinding).map((each) => JSON.stringify(each)))
  return before.filter(isBinding).filter((each) => !has.has(JSON.stringify(each)))
}

export function isBinding(declaration: Declaration): declaration is Binding {
  return declaration.kind === 'binding'
}

function quorum(name: string, more: Arguments): Declaration {
  return { kind: 'queue', name, arguments: { 'x-queue-type': 'quorum', ...more } }
}

function stream(name: string, maxAgeMs: number): Declaration {
  const age = `${maxAgeMs / 1_000}s`
  // Retention goes by whole segments, so small ones.
  const size = { 'x-max-age': age, 'x-max-length-bytes': GIB, 'x-stream-max-segment-size-bytes': 50_000_000 }
  return { kind: 'queue', name, arguments: { 'x-queue-type': 'stream', ...size } }
}

/** One wait for all of a queue, since expiry is looked for at its head alone. The key that a letter came with brings it back. */
function delay(level: number): readonly Declaration[] {
  const name = delayQueue(level)
  return [
    { kind: 'exchange', name, type: 'fanout', durable: true },
    quorum(name, {
      ...AT_LEAST_ONCE,
      'x-message-ttl': 1_000 * 2 ** level,
      'x-max-length-bytes': GIB,
      'x-dead-letter-exchange': RESUME,
    }),
    { kind: 'binding', from: name, key: '', to: { queue: name } },
  ]
}
