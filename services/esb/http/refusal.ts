import { problem, type Response } from '#lib/http.ts'

/** Why something asked over HTTP is not done. `reason` is CamelCase and stable: people script on it. */
export interface Refusal {
  readonly ok: false
  readonly status: 400 | 404 | 409 | 413 | 422 | 503
  readonly reason: string
  readonly detail: string
  /** More fields for the client, such as the id of a message. */
  readonly more?: Readonly<Record<string, unknown>>
}

const TITLES: Readonly<Record<Refusal['status'], string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  503: 'Service Unavailable',
}

export function refusal(status: Refusal['status'], reason: string, detail: string, more?: Refusal['more']): Refusal {
  return { ok: false, status, reason, detail, ...(more && { more }) }
}

/** Sends it as a problem (RFC 9457). */
export function refuse(response: Response, { status, reason, detail, more }: Refusal): void {
  // What the bus lacks comes back within seconds, or an operator is needed: asking often helps neither.
  if (status === 503) response.setHeader('Retry-After', 1)
  problem(response, status, TITLES[status], { reason, detail, ...more })
}
