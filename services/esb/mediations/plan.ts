import type { Failure, Message } from './message.ts'

/** What is to become of one message: data, not deeds. The same message and the same answers of services give the same plan. */
export type Plan = { readonly trace: readonly StepTrace[] } & (
  | {
      readonly outcome: 'deliver'
      readonly deliveries: readonly Delivery[]
      /** To be remembered once all is delivered: a copy of the message within the window is dropped. */
      readonly remember?: Remembered
      /** The message itself goes no further: these are but the copies that watchers asked for before it was dropped. */
      readonly dropped?: Dropped
    }
  | ({ readonly outcome: 'drop' } & Dropped)
  | { readonly outcome: 'hold'; readonly group: Group; readonly held: Held; readonly remember?: Remembered }
  | { readonly outcome: 'fail'; readonly failure: Failure }
)

/** Why a message ends without a failure, and where. */
export interface Dropped {
  readonly reason: 'Filtered' | 'Duplicate'
  readonly step: string
}

export interface Remembered {
  readonly key: string
  readonly windowMs: number
}

/** One message on its way out. */
export interface Delivery {
  /** `<parent>/<route>/<step or to>/<index>`: the same at every try, so that receivers can tell copies. */
  readonly id: string
  readonly to: Address
  readonly body: Buffer
  readonly contentType?: string
  readonly contentEncoding?: string
  readonly type?: string
  readonly correlationId?: string
  readonly replyTo?: string
  readonly timestamp?: number
  /** The sender's, without what a broker or the bus wrote. */
  readonly headers: Readonly<Record<string, unknown>>
  /** A copy for a watcher, of that wireTap step. */
  readonly tap?: string
}

/** A destination with its templates filled in. */
export type Address =
  | { readonly kind: 'exchange'; readonly exchange: string; readonly key: string }
  | { readonly kind: 'queue'; readonly queue: string }
  | { readonly kind: 'service'; readonly request: ServiceRequest }
  | { readonly kind: 'webSocket'; readonly channel: string }
  | { readonly kind: 'route'; readonly route: string }

/** A call as it goes to one of a service's endpoints. */
export interface ServiceRequest {
  /** `namespace/object`. */
  readonly service: string
  readonly serviceName: string
  readonly method: string
  /** Path and query, encoded. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
  readonly timeoutMs: number
}

export type ServiceAnswer =
  | {
      readonly ok: true
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: Buffer
    }
  | { readonly ok: false; readonly failure: Failure }

/** The group of an aggregate step that a message belongs to. */
export interface Group {
  readonly step: string
  readonly correlation: string
  readonly size: number
  readonly windowMs: number
}

/** A message as it stood before the aggregate step; opaque but to the mediation that made it. */
export interface Held {
  readonly message: Message
  readonly value: unknown
  readonly attempt?: number
  /** Copies for watchers that steps before made: they go out with the group. */
  readonly taps?: readonly Delivery[]
}

/** What one step did, for the dry run and for the metrics. */
export interface StepTrace {
  readonly step: string
  readonly kind: string
  readonly seconds: number
  /** One sentence. */
  readonly did: string
  /** The body after the step where it can be shown as JSON or text; what was left of it where it is large. */
  readonly value?: unknown
}

/** What mediation asks of the world. */
export interface Ports {
  /** Monotonic milliseconds. */
  readonly monotonic: () => number
  readonly call: (request: ServiceRequest) => Promise<ServiceAnswer>
  /** Whether this key was remembered within the window. */
  readonly seen: (remembered: Remembered) => boolean
  /** Whether traces carry the value after each step: for the dry run. */
  readonly withValues: boolean
}

/** A compiled route. Made once a version of its entry; may be used by many messages at once. */
export interface Mediation {
  /** `attempt` is what expressions see as `$attempt`: 1 at the first try. */
  readonly plan: (message: Message, ports: Ports, attempt?: number) => Promise<Plan>
  /** Goes on after the aggregate step with a whole group, in the order of arrival; never `hold` again. */
  readonly resume: (group: Group, held: readonly Held[], ports: Ports) => Promise<Plan>
}
