/** One exposed Service as the gateway serves it; keyed by `namespace/object` in the `gateway` slice. */
export interface GatewayEntry {
  readonly uid: string
  readonly namespace: string
  readonly object: string
  /** Registry name: how discovery calls it. */
  readonly name: string
  /** Of the registry entry this route was compiled with; the route goes live once discovery shows it. */
  readonly endpointsRev: string
  /** Lower case, no port; a leading `*.` label is a wildcard; empty = every host. */
  readonly hostnames: readonly string[]
  readonly routes: readonly RouteMatch[]
  readonly limits: readonly RateLimit[]
  readonly createdAt: string
}

/** Conditions joined by AND, as in HTTPRoute's HTTPRouteMatch. */
export interface RouteMatch {
  readonly path: { readonly type: 'Exact' | 'PathPrefix'; readonly value: string }
  readonly method?: string
  /** Names in lower case. */
  readonly headers: readonly NameValue[]
  readonly queryParams: readonly NameValue[]
  /** What the matched path (prefix) is replaced with before it goes upstream; absent = unchanged. */
  readonly rewrite?: string
}

export interface NameValue {
  readonly name: string
  readonly value: string
}

/** At most `limit` requests admitted in any trailing window of `periodMs`, per key. */
export interface RateLimit {
  /** Identity of the counters: policy UID, rule, target UID. Never a version or a replica. */
  readonly id: string
  /** What users see in headers and bodies: `policy` or `policy/rule`. */
  readonly name: string
  readonly limit: number
  readonly periodMs: number
  readonly key: LimitKey
  readonly scope: 'cluster' | 'replica'
  /** When the owner of the counter cannot be asked. */
  readonly onError: 'local' | 'open' | 'closed'
  readonly mode: 'Enforce' | 'Audit'
}

export type LimitKey =
  | { readonly by: 'global' }
  | { readonly by: 'clientIp' }
  | { readonly by: 'header'; readonly header: string }
  | { readonly by: 'consumer' }
