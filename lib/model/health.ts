/** What the registry's watch tells of one service: endpoints with soft state. */
export interface ServiceHealth {
  /** `namespace/object` of the Service. */
  readonly key: string
  readonly namespace: string
  readonly name: string
  readonly endpointsRev: string
  readonly endpoints: readonly EndpointHealth[]
}

export interface EndpointHealth {
  readonly instance: string
  readonly url: string
  readonly version?: string
  /** `unknown`: nobody checks it, or not checked yet; served when nothing better is there. */
  readonly health: 'healthy' | 'unhealthy' | 'unknown'
}

/** The endpoints to send to: the healthy, else those not known to be sick, in their order. */
export function usable(endpoints: readonly EndpointHealth[]): readonly EndpointHealth[] {
  const healthy = endpoints.filter((each) => each.health === 'healthy')
  return healthy.length > 0 ? healthy : endpoints.filter((each) => each.health === 'unknown')
}
