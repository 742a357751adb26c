import { reasonOf, SoaError } from '../error.ts'

/** What the API server refused or the way to it lost; `status` is its HTTP code, 503 when there was no answer at all. */
export class KubeError extends SoaError {
  /** The machine-readable word of a Kubernetes Status (`Conflict`, `Expired` …), or `Unreachable`, `Timeout`, `Malformed`. */
  readonly reason: string
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    fault: {
      readonly status: number
      readonly reason: string
      readonly retryAfterMs?: number | undefined
      readonly cause?: unknown
    },
  ) {
    super('SOA_KUBE_REQUEST', message, fault)
    this.name = 'KubeError'
    this.reason = fault.reason
    this.retryAfterMs = fault.retryAfterMs
  }
}

/** Whether the API server answered with one of these codes. */
export function answered(error: unknown, ...statuses: readonly number[]): error is KubeError {
  return error instanceof KubeError && statuses.includes(error.status)
}

/** metav1.Status, as much of it as errors need. */
export interface Status {
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly retryAfterSeconds?: number }
}

/** The fault of an answer that is not a success; `now` turns a Retry-After date into a span. */
export function refusal(
  what: string,
  status: number,
  body: string,
  retryAfter: string | string[] | undefined,
  now: number,
) {
  const told = statusIn(body)
  const reason = told.reason ?? `Http${status}`
  return new KubeError(`${what} answered ${status} ${reason}${told.message ? `: ${told.message}` : ''}`, {
    status,
    reason,
    retryAfterMs: spanOf([retryAfter].flat()[0], now) ?? seconds(told.details?.retryAfterSeconds),
  })
}

/** The fault of an ERROR event inside a watch that began well. */
export function streamRefusal(what: string, told: Status): KubeError {
  const reason = told.reason ?? 'Unknown'
  return new KubeError(`${what} ended with ${told.code ?? 500} ${reason}: ${told.message ?? 'no message'}`, {
    status: told.code ?? 500,
    reason,
    retryAfterMs: seconds(told.details?.retryAfterSeconds),
  })
}

export function malformed(what: string, how: string, cause?: unknown): KubeError {
  return new KubeError(`${what} ${how}`, { status: 502, reason: 'Malformed', cause })
}

/** Anything thrown on the way, as the fault of this request. */
export function lost(what: string, cause: unknown): KubeError {
  if (cause instanceof KubeError) return cause
  const late = cause instanceof Error && /Timeout/.test(`${cause.name} ${(cause as NodeJS.ErrnoException).code}`)
  return new KubeError(`${what} got no answer`, {
    status: late ? 504 : 503,
    reason: late ? 'Timeout' : 'Unreachable',
    cause: cause instanceof Error ? cause : new Error(reasonOf(cause)),
  })
}

function statusIn(body: string): Status {
  try {
    const value: unknown = JSON.parse(body)
    return value !== null && typeof value === 'object' ? (value as Status) : {}
  } catch {
    // Proxies in front of the API server answer in prose; its first words say enough.
    return { message: body.slice(0, 200).trim() }
  }
}

// RFC 9110 §10.2.3: seconds or a date.
function spanOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const span = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isFinite(span) ? Math.max(0, span) : undefined
}

function seconds(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value * 1_000
}
