/** One MessageRoute as the bus runs it; keyed by `namespace/object` in the `esb` slice. Templates are JSONata between `{% %}`, checked. */
export interface MessageRouteEntry {
  readonly uid: string
  readonly namespace: string
  readonly object: string
  /** Of the spec: stamped on messages that wait, so that one can see which spec failed them. */
  readonly generation: number
  /** Where messages come from on the broker; none for a route that is reached over HTTP, or by other routes, alone. */
  readonly source?: RouteSource
  /** Whether `POST /messages/<object>` is open. */
  readonly http: boolean
  /** In their order; the name of each is unique in the route. */
  readonly steps: readonly RouteStep[]
  /** Where messages go that no case of a `route` step took. */
  readonly to: readonly Destination[]
  readonly retry: RetryRule
  /** Messages in hand at once, a replica. */
  readonly prefetch: number
  /** Above this the queue refuses, and producers learn of it. */
  readonly maxQueueBytes: number
  readonly maxDeadLetterBytes: number
}

export interface RouteSource {
  readonly exchange: string
  /** What the exchange is declared as where it is missing; one that is there is taken as it is. */
  readonly type: 'direct' | 'topic' | 'fanout'
  readonly keys: readonly string[]
}

export type RouteStep =
  | { readonly kind: 'filter'; readonly name: string; readonly when: string }
  | { readonly kind: 'validate'; readonly name: string; readonly schema: object }
  | { readonly kind: 'transform'; readonly name: string; readonly value: string; readonly contentType?: string }
  | {
      readonly kind: 'enrich'
      readonly name: string
      readonly call: ServiceCall
      /** Body of the call; none = no body for GET, the message's own otherwise. */
      readonly body?: string
      /** Field of the body that takes the answer; the answer is `$answer` in `value`, which takes its place. */
      readonly into?: string
      readonly value?: string
      /** Continue: without the answer. */
      readonly onError: 'Fail' | 'Continue'
    }
  | { readonly kind: 'split'; readonly name: string; readonly items: string }
  | {
      readonly kind: 'aggregate'
      readonly name: string
      readonly correlation: string
      readonly size: number
      readonly windowMs: number
      /** Of the array of bodies; the array itself if left out. */
      readonly value?: string
    }
  | {
      readonly kind: 'route'
      readonly name: string
      readonly match: 'First' | 'All'
      readonly cases: readonly { readonly when: string; readonly to: readonly Destination[] }[]
    }
  | { readonly kind: 'wireTap'; readonly name: string; readonly to: Destination }
  | { readonly kind: 'throttle'; readonly name: string; readonly limit: number; readonly periodMs: number }
  | { readonly kind: 'dedupe'; readonly name: string; readonly key: string; readonly windowMs: number }

/** A call of a registered service, through discovery. */
export interface ServiceCall {
  /** `namespace/object` of the Service: how discovery keys it. */
  readonly service: string
  /** As the route's author wrote it. */
  readonly serviceName: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Template; what an expression gives is percent-encoded. */
  readonly path: string
  readonly timeoutMs: number
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

/** AsReceived: plain stays plain, a CloudEvent stays one of its mode. */
export type MessageFormat = 'AsReceived' | 'Plain' | 'CloudEventsBinary' | 'CloudEventsStructured'

export type Destination = { readonly format: MessageFormat } & (
  | { readonly kind: 'exchange'; readonly exchange: string /** Template. */; readonly key: string }
  | { readonly kind: 'queue'; readonly queue: string }
  | ({ readonly kind: 'service' } & ServiceCall)
  | { readonly kind: 'webSocket' /** Template. */; readonly channel: string }
  | { readonly kind: 'route' /** `namespace/object`. */; readonly route: string }
)

export interface RetryRule {
  /** Tries in all, the first included; 1 = none after it. */
  readonly attempts: number
  /** Before the second try; doubled for each after it. */
  readonly baseMs: number
  readonly maxMs: number
}

/** Whether the route needs one owner among the replicas: what it counts or collects is in one process's hands. */
export function needsOneOwner({ steps }: Pick<MessageRouteEntry, 'steps'>): boolean {
  return steps.some(({ kind }) => kind === 'aggregate' || kind === 'throttle' || kind === 'dedupe')
}

/** `namespace/object`. */
export function routeKey({ namespace, object }: Pick<MessageRouteEntry, 'namespace' | 'object'>): string {
  return `${namespace}/${object}`
}
