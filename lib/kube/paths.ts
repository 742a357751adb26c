/** One collection of the API: `group` is empty for core. */
export interface Collection {
  readonly group: string
  readonly version: string
  readonly plural: string
}

/** The path of a collection, in one namespace or over all; with a name, of one object in it. */
export function pathTo({ group, version, plural }: Collection, namespace?: string, name?: string): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${root}${scope}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`
}

export const ENDPOINT_SLICES: Collection = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' }
export const LEASES: Collection = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' }
export const EVENTS: Collection = { group: '', version: 'v1', plural: 'events' }
export const TOKEN_REVIEWS: Collection = { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews' }
