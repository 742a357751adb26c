import { LATENCY_BUCKETS, type Metrics } from '#lib/metrics.ts'
import type { RunningRoutes } from './routes/running.ts'

/** The series of one route. Seconds. */
export interface RouteMetrics {
  /** A message was taken; each try counts. */
  readonly taken: () => void
  /** A delivery was confirmed, or answered. */
  readonly out: (destination: string) => void
  readonly filtered: (reason: string, messages?: number) => void
  readonly retried: (reason: string) => void
  readonly dead: (reason: string) => void
  readonly step: (step: string, seconds: number) => void
  /** From the receipt of a message to its settling. */
  readonly hop: (seconds: number) => void
  /** The route is no more. */
  readonly forget: () => void
}

export interface EsbMetrics {
  readonly of: (route: string) => RouteMetrics
  /** Messages ready by queue, as found at the last look. */
  readonly depths: (found: ReadonlyMap<string, number>) => void
}

/** The series of a replica; those of a route carry its `namespace/object`. */
export function esbMetrics(metrics: Metrics, running: RunningRoutes): EsbMetrics {
  metrics.gauge('soa_esb_in_flight', 'Messages taken and not yet settled', ['route'], (gauge) => {
    for (const [route, { inHand }] of running()) gauge.set({ route }, inHand().count)
  })
  metrics.gauge('soa_esb_oldest_in_flight_seconds', 'Age of the oldest message in hand', ['route'], (gauge) => {
    for (const [route, { inHand }] of running()) gauge.set({ route }, inHand().oldestMs / 1_000)
  })
  metrics.gauge('soa_esb_route_up', '1 while this replica takes messages of the route', ['route'], (gauge) => {
    for (const [route, { unready }] of running()) gauge.set({ route }, unready() === undefined ? 1 : 0)
  })
  let depths: ReadonlyMap<string, number> = new Map()
  metrics.gauge('soa_esb_depth', 'Messages ready in a queue of the bus, at the last look', ['queue'], (gauge) => {
    for (const [queue, messages] of depths) gauge.set({ queue }, messages)
  })
  const taken = metrics.counter('soa_esb_messages_in_total', 'Messages taken, each try counted', ['route'])
  const out = counter('out', 'Deliveries that were confirmed or answered', 'destination')
  const filtered = counter('filtered', 'Messages that a step dropped', 'reason')
  const retried = counter('retried', 'Messages put off for another try', 'reason')
  const dead = counter('dead', 'Messages put among the dead letters', 'reason')
  const step = metrics.histogram('soa_esb_step_seconds', 'Time that a step took', LATENCY_BUCKETS, ['route', 'step'])
  const about = 'From the receipt of a message to its settling'
  const hop = metrics.histogram('soa_esb_hop_seconds', about, LATENCY_BUCKETS, ['route'])

  function counter<L extends string>(what: string, help: string, label: L) {
    return metrics.counter(`soa_esb_messages_${what}_total`, help, ['route', label])
  }

  return {
    depths(found) {
      depths = found
    },
    of(route) {
      // A series is looked up by its labels once, not for every message.
      const own = <S, T>(all: Family<S, T>) => remembered((label) => all.labels(route, label))
      const [itsTaken, itsHop] = [taken.labels(route), hop.labels(route)]
      const [itsOut, itsFiltered, itsRetried] = [own(out), own(filtered), own(retried)]
      const [itsDead, itsSteps] = [own(dead), own(step)]
      return {
        taken: () => itsTaken.inc(),
        out: (destination) => itsOut(destination).inc(),
        filtered: (reason, messages = 1) => itsFiltered(reason).inc(messages),
        retried: (reason) => itsRetried(reason).inc(),
        dead: (reason) => itsDead(reason).inc(),
        step: (name, seconds) => itsSteps(name).observe(seconds),
        hop: (seconds) => itsHop.observe(seconds),
        forget() {
          for (const all of [taken, hop]) all.remove(route)
          const families = [
            [out, itsOut],
            [filtered, itsFiltered],
            [retried, itsRetried],
            [dead, itsDead],
            [step, itsSteps],
          ] as const
          for (const [all, its] of families) for (const label of its.keys()) all.remove(route, label)
        },
      }
    },
  }
}

interface Family<S, T> {
  readonly labels: (route: string, label: string) => T
  readonly remove: (route: string, label: string) => S
}

/** A function of few names, each asked once; the names asked so far. */
function remembered<T>(make: (name: string) => T): ((name: string) => T) & { readonly keys: () => Iterable<string> } {
  const known = new Map<string, T>()
  const get = (name: string): T => {
    const found = known.get(name)
    if (found !== undefined) return found
    const made = make(name)
    known.set(name, made)
    return made
  }
  return Object.assign(get, { keys: () => known.keys() })
}
