/** One Service as the registry serves it; keyed by `namespace/object` in the `registry` slice. */
export interface RegistryEntry {
  readonly uid: string
  readonly namespace: string
  /** metadata.name of the Service object. */
  readonly object: string
  /** The name clients register and discover; unique in its namespace. */
  readonly name: string
  readonly version?: string
  readonly owner?: string
  readonly contract?: string
  readonly metadata: Readonly<Record<string, string>>
  /** `registered`: came in by POST /register; `declared`: by kubectl or a file. */
  readonly origin: 'declared' | 'registered'
  readonly endpoints: readonly Endpoint[]
  /** Content hash of endpoints and health check: lets a gateway see that its copy is the one its route was compiled with. */
  readonly endpointsRev: string
  readonly health?: HealthCheck
  /** ISO 8601, from metadata.creationTimestamp. */
  readonly createdAt: string
}

export interface Endpoint {
  /** Stable within the service: the instance given at registration, or the address. */
  readonly instance: string
  /** Base URL, http or https, no trailing slash. */
  readonly url: string
  readonly version?: string
  /** The lease granted by each registration or renewal; none = no lease. */
  readonly ttlMs?: number
  /** What Kubernetes says of the pod behind it; absent where nobody says. */
  readonly ready?: boolean
}

export interface HealthCheck {
  readonly type: 'http' | 'tcp'
  /** Path of an http check. */
  readonly path: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly unhealthyAfter: number
  readonly healthyAfter: number
}
