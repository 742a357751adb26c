import type { Destination, MessageRouteEntry, RouteStep } from '#lib/model/esb.ts'
import type { RunningRoute } from '../routes/running.ts'
import type { Depth } from '../topology/declarer.ts'

/** What operators see of a route; depths are undefined where the broker has no such queue. */
export function summaryOf(
  { key, entry, queue, unready, inHand }: RunningRoute,
  depth: { readonly queue: Depth | undefined; readonly deadLetters: Depth | undefined },
): object {
  const why = unready()
  const { count, oldestMs } = inHand()
  return {
    route: key,
    generation: entry.generation,
    ready: why === undefined,
    ...(why !== undefined && { why }),
    from: sourcesOf(entry),
    steps: entry.steps.map(({ name, kind }) => ({ name, kind })),
    to: destinationsOf(entry).map(targetOf),
    queue: { name: queue, messages: depth.queue?.messages ?? null, consumers: depth.queue?.consumers ?? null },
    inHand: { count, oldestSeconds: oldestMs / 1_000 },
    deadLetters: depth.deadLetters?.messages ?? null,
  }
}

function sourcesOf({ source, http, object }: MessageRouteEntry): readonly object[] {
  return [
    ...(source === undefined ? [] : [{ exchange: source.exchange, type: source.type, keys: source.keys }]),
    ...(http ? [{ http: `/messages/${object}` }] : []),
  ]
}

/** Everywhere a route may send to, in the order of its spec. */
export function destinationsOf({ steps, to }: Pick<MessageRouteEntry, 'steps' | 'to'>): readonly Destination[] {
  return [...steps.flatMap(destinationsIn), ...to]
}

function destinationsIn(step: RouteStep): readonly Destination[] {
  if (step.kind === 'route') return step.cases.flatMap(({ to }) => to)
  return step.kind === 'wireTap' ? [step.to] : []
}

function targetOf(to: Destination): object {
  switch (to.kind) {
    case 'exchange':
      return { exchange: to.exchange, key: to.key }
    case 'queue':
      return { queue: to.queue }
    case 'service':
      return { service: to.serviceName, method: to.method, path: to.path }
    case 'webSocket':
      return { webSocket: to.channel }
    case 'route':
      return { route: to.route }
    default:
      return to satisfies never
  }
}
