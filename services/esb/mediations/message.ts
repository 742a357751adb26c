/** A message as mediation sees it: nothing of the broker's transport, nothing of the bus's own headers. */
export interface Message {
  /** Stable over retries; of a message that came without one, made up at receipt. */
  readonly id: string
  /** As first published; retries keep them. */
  readonly exchange: string
  readonly key: string
  readonly contentType?: string
  /** Passed on; a body that is encoded has no value for expressions. */
  readonly contentEncoding?: string
  readonly type?: string
  readonly correlationId?: string
  readonly replyTo?: string
  /** Seconds, as AMQP has it. */
  readonly timestamp?: number
  /** The sender's: CloudEvents attributes and trace context among them. */
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

/** Where a message stands on its way through the bus; carried in `soa-*` headers. */
export interface Passage {
  /** 1 at the first try. */
  readonly attempt: number
  /** Routes gone through before this one. */
  readonly hops: number
  /** How often it was replayed from the dead letters. */
  readonly replays: number
  /** The tries that failed, oldest first, the newest kept. */
  readonly history: readonly PastFailure[]
}

export interface PastFailure {
  /** ISO 8601. */
  readonly at: string
  readonly reason: string
  readonly message: string
  readonly step?: string
}

/** Why a message could not go on. Transient: another try may do; Permanent: none will. */
export interface Failure {
  readonly class: 'Transient' | 'Permanent'
  /** CamelCase and stable: users filter dead letters by it. */
  readonly reason: FailureReason
  readonly message: string
  /** Name of the step; none when delivering failed. */
  readonly step?: string
  /** What a service asked for with Retry-After. */
  readonly retryAfterMs?: number
}

export type FailureReason =
  | 'Unreadable' // the body is not what its content type says
  | 'SchemaViolation'
  | 'ExpressionFailed'
  | 'ExpressionLimit' // time, depth or size
  | 'TooManyHops'
  | 'TooLarge'
  | 'ServiceRefused' // 4xx
  | 'ServiceFailed' // 5xx, connection, no endpoint
  | 'ServiceTimeout'
  | 'CircuitOpen'
  | 'Unroutable' // no queue, exchange or route
  | 'Refused' // the broker: a full queue
  | 'Unconfirmed' // outcome unknown
  | 'Internal'
