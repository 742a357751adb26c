/** Every fault a user or a log can see has one stable code. */
export type ErrorCode =
  | 'SOA_CONFIG_INVALID'
  | 'SOA_START_FAILED'
  | 'SOA_INTERNAL'
  | 'SOA_PORT_TAKEN'
  | 'SOA_REQUEST_INVALID'
  | 'SOA_BODY_TOO_LARGE'
  | 'SOA_CONTENT_TYPE'
  | 'SOA_UNAUTHENTICATED'
  | 'SOA_FORBIDDEN'
  | 'SOA_NOT_FOUND'
  | 'SOA_CONFLICT'
  | 'SOA_UNAVAILABLE'
  | 'SOA_UPSTREAM_FAILED'
  | 'SOA_UPSTREAM_TIMEOUT'
  | 'SOA_KUBE_REQUEST'
  | 'SOA_SOURCE_FAILED'
  | 'SOA_BROKER_FAILED'

/** A fault with a code, an HTTP status (500 unless given) and its cause. */
export class SoaError extends Error {
  readonly code: ErrorCode
  readonly status: number

  constructor(code: ErrorCode, message: string, options: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'SoaError'
    this.code = code
    this.status = options.status ?? 500
  }
}

/** The message of anything that was thrown, causes included, on one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.message || error.name
  if (error instanceof AggregateError) return [own, ...error.errors.map(reasonOf)].filter(Boolean).join(': ')
  return error.cause === undefined ? own : `${own}: ${reasonOf(error.cause)}`
}
