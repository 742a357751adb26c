/** Why the gateway answers a request itself. `detail` reaches the client: no hosts, no counts of others. */
export interface Refusal {
  readonly status: number
  /** CamelCase and stable: a label of metrics, and what people script on. */
  readonly reason: string
  readonly detail: string
  /** The connection cannot be trusted to be in step any more, or must not be used for more. */
  readonly close?: boolean
  /** Further response fields, flat. */
  readonly fields?: readonly string[]
  /** The whole body as plain text, where its shape is fixed (DESIGN §1 row 9); problem+json otherwise. */
  readonly text?: string
}

/** The request is malformed, so whatever follows on its connection is not to be believed: RFC 9112 §11.2. */
export function malformed(reason: string, detail: string): Refusal {
  return { status: 400, reason, detail, close: true }
}

export const NO_ROUTE: Refusal = {
  status: 404,
  reason: 'NoRoute',
  detail: 'No route matches this host, path and method',
}

export const NOT_READY: Refusal = {
  status: 503,
  reason: 'NotReady',
  detail: 'The gateway has no copy of its routes yet; try again in a second',
  fields: ['Retry-After', '1'],
}

export const NO_ENDPOINT: Refusal = {
  status: 503,
  reason: 'NoEndpoint',
  detail: 'The service has no healthy instance',
  fields: ['Retry-After', '1', 'Proxy-Status', 'soaplane; error=destination_unavailable'],
}

export const OVERLOADED: Refusal = {
  status: 503,
  reason: 'TooManyRequestsInFlight',
  detail: 'The service has more requests in flight than it is allowed',
  fields: ['Retry-After', '1', 'Proxy-Status', 'soaplane; error=connection_limit_reached'],
}
