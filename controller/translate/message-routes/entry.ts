import { durationMs } from '#lib/model/duration.ts'
import type { Destination, MessageRouteEntry, RouteSource, RouteStep, ServiceCall } from '#lib/model/esb.ts'
import { parseLimit } from '#lib/model/limit.ts'
import type { MessageRouteObject } from '../../api/objects.ts'

export type Spec = MessageRouteObject['spec']
export type StepSpec = Spec['steps'][number]
export type DestinationSpec = Spec['to'][number]

/** Copies for watchers go there unless a wireTap says otherwise. */
const TAP = 'soa.tap'

/** `namespace/object` of the Service that has this name in the registry. */
export type Resolve = (name: string) => string

/** What the bus runs of a route whose spec holds. */
export function entryOf({ metadata, spec }: MessageRouteObject, resolve: Resolve): MessageRouteEntry {
  const { uid, namespace, name, generation } = metadata
  const source = sourceOf(spec.from)
  const compiled: Compile = { namespace, resolve }
  return {
    ...{ uid, namespace, object: name, generation },
    ...(source !== undefined && { source }),
    http: spec.from.http !== undefined,
    steps: spec.steps.map((step, i) => stepOf(step, nameOfStep(step, i), compiled)),
    to: spec.to.map((each) => destinationOf(each, compiled)),
    retry: {
      attempts: spec.retry.attempts,
      baseMs: milliseconds(spec.retry.backoff),
      maxMs: milliseconds(spec.retry.maxBackoff),
    },
    prefetch: spec.prefetch,
    maxQueueBytes: spec.queue.maxBytes,
    maxDeadLetterBytes: spec.deadLetter.maxBytes,
  }
}

/** The name that traces and dead letters call a step by. */
export function nameOfStep(step: StepSpec, place: number): string {
  if (step.name !== undefined) return step.name
  const [kind] = Object.keys(step).filter((field) => field !== 'name')
  return `${kind}-${place}`
}

interface Compile {
  readonly namespace: string
  readonly resolve: Resolve
}

const TYPES = { Direct: 'direct', Topic: 'topic', Fanout: 'fanout' } as const

function sourceOf({ exchange, type, keys }: Spec['from']): RouteSource | undefined {
  if (keys === undefined && type !== 'Fanout') return undefined
  return { exchange, type: TYPES[type], keys: keys ?? [] }
}

function stepOf(step: StepSpec, name: string, compile: Compile): RouteStep {
  const { filter, validate, transform, enrich, split, aggregate, route, wireTap, throttle, dedupe } = step
  if (filter !== undefined) return { kind: 'filter', name, when: filter }
  if (validate !== undefined) return { kind: 'validate', name, schema: validate.schema }
  if (transform !== undefined) return { kind: 'transform', name, ...transform }
  if (enrich !== undefined) return enrichOf(enrich, name, compile)
  if (split !== undefined) return { kind: 'split', name, items: split.items }
  if (aggregate !== undefined) {
    const { window, ...rest } = aggregate
    return { kind: 'aggregate', name, ...rest, windowMs: milliseconds(window) }
  }
  if (route !== undefined) {
    const cases = route.cases.map(({ when, to }) => ({ when, to: to.map((each) => destinationOf(each, compile)) }))
    return { kind: 'route', name, match: route.match, cases }
  }
  if (wireTap !== undefined) return { kind: 'wireTap', name, to: tapOf(wireTap.to, compile) }
  if (throttle !== undefined) return { kind: 'throttle', name, ...rateOf(throttle.rate) }
  // The schema asks for exactly one kind, and this is the last.
  const { key = '', window = '' } = dedupe ?? {}
  return { kind: 'dedupe', name, key, windowMs: milliseconds(window) }
}

function enrichOf(
  { body, into, value, onError, service, ...call }: NonNullable<StepSpec['enrich']>,
  name: string,
  compile: Compile,
): RouteStep {
  return {
    kind: 'enrich',
    name,
    call: callOf({ ...call, name: service }, compile),
    ...(body !== undefined && { body }),
    ...(into !== undefined && { into }),
    ...(value !== undefined && { value }),
    onError,
  }
}

function tapOf(to: DestinationSpec | undefined, compile: Compile): Destination {
  return to === undefined ? { kind: 'queue', queue: TAP, format: 'AsReceived' } : destinationOf(to, compile)
}

function destinationOf(
  { exchange, queue, service, webSocket, route, format }: DestinationSpec,
  compile: Compile,
): Destination {
  if (exchange !== undefined) return { kind: 'exchange', exchange: exchange.name, key: exchange.key, format }
  if (queue !== undefined) return { kind: 'queue', queue: queue.name, format }
  if (service !== undefined) return { kind: 'service', ...callOf(service, compile), format }
  if (webSocket !== undefined) return { kind: 'webSocket', channel: webSocket.channel, format }
  return { kind: 'route', route: `${compile.namespace}/${route?.name}`, format }
}

function callOf(
  { name, method, path, timeout, headers = [] }: NonNullable<DestinationSpec['service']>,
  { resolve }: Compile,
): ServiceCall {
  return { service: resolve(name), serviceName: name, method, path, timeoutMs: milliseconds(timeout), headers }
}

// The schema has seen the shape, and faults.ts the rate.
function milliseconds(text: string): number {
  return durationMs(text) ?? 0
}

function rateOf(text: string): { readonly limit: number; readonly periodMs: number } {
  const parsed = parseLimit(text)
  return parsed.ok ? { limit: parsed.limit, periodMs: parsed.periodMs } : { limit: 1, periodMs: 1_000 }
}
