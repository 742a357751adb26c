/** The seed's exchange: direct and transient, as its clients declare it. */
export const SEED_EXCHANGE = 'esb_exchange'

/** What the bus has on the broker apart from routes. */
export const IN = 'soa.in'
/** Direct; the key is a queue's name. */
export const RESUME = 'soa.resume'
/** Direct; the key is that of a route. */
export const DLX = 'soa.dlx'
/** Fanout, and its queue: what nobody else took. */
export const UNROUTABLE = 'soa.unroutable'
/** Streams: copies for watchers, what goes to WebSockets, and who replayed or discarded what. */
export const TAP = 'soa.tap'
export const CHANNELS = 'soa.channels'
export const AUDIT = 'soa.audit'

/** Delay queues of 2^k seconds, k = 0 … 12, each behind a fanout exchange of its name. */
export const DELAY_LEVELS = 13

export function delayQueue(level: number): string {
  return `soa.delay.${level}`
}

/** `namespace/object` as part of a name on the broker. Neither has a dot where it matters: a namespace is a DNS label. */
export function dotted(route: string): string {
  return route.replace('/', '.')
}

/**
 * The queue of a route. Whether one replica alone reads it is fixed when it is declared, so the two shapes have two names,
 * and a route that changes is drained from one into work and bound to the other.
 */
export function routeQueue(route: string, oneOwner: boolean): string {
  return `soa.${oneOwner ? 'single' : 'route'}.${dotted(route)}`
}

export function deadLetterQueue(route: string): string {
  return `soa.dlq.${dotted(route)}`
}

/** What a dedupe step has seen. */
export function seenStream(route: string): string {
  return `soa.seen.${dotted(route)}`
}

/** What an installation has placed on the broker: of another's it must take nothing away. */
export function topologyStream(instance: string): string {
  return `soa.topology.${instance}`
}
