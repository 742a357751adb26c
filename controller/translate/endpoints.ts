import { durationMs } from '#lib/model/duration.ts'
import type { Endpoint } from '#lib/model/registry.ts'
import type { EndpointSlice, ServiceObject } from '../api/objects.ts'

type KubernetesService = NonNullable<ServiceObject['spec']['kubernetesService']>

/** Slices by `namespace/service`, as their label tells (EndpointSlice API). */
export type SlicesByService = ReadonlyMap<string, readonly EndpointSlice[]>

export function slicesByService(slices: Iterable<EndpointSlice>): SlicesByService {
  const found = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const service = slice.metadata.labels?.['kubernetes.io/service-name']
    if (service === undefined) continue
    const key = `${slice.metadata.namespace}/${service}`
    const list = found.get(key)
    if (list) list.push(slice)
    else found.set(key, [slice])
  }
  return found
}

/** The slices a service's endpoints come from; the same array contents while nothing changed. */
export function slicesOf(service: ServiceObject, slices: SlicesByService): readonly EndpointSlice[] {
  const ref = service.spec.kubernetesService
  return ref === undefined ? [] : (slices.get(`${service.metadata.namespace}/${ref.name}`) ?? [])
}

/** Every instance of a service, sorted by name; terminating pods are left out, unready ones are kept as such. */
export function endpointsOf(service: ServiceObject, slices: readonly EndpointSlice[]): readonly Endpoint[] {
  const { url, endpoints, kubernetesService } = service.spec
  if (url !== undefined) return [{ instance: 'default', url: trimmed(url) }]
  if (endpoints !== undefined) {
    return endpoints.map(({ instance, url: own, version, ttl }) => {
      const ttlMs = ttl === undefined ? undefined : durationMs(ttl)
      return { instance, url: trimmed(own), ...(version !== undefined && { version }), ...(ttlMs && { ttlMs }) }
    })
  }
  return kubernetesService === undefined ? [] : fromSlices(kubernetesService, slices)
}

function fromSlices({ port, scheme }: KubernetesService, slices: readonly EndpointSlice[]): readonly Endpoint[] {
  const found = new Map<string, Endpoint>()
  for (const slice of slices) {
    // FQDN slices name hosts of a stranger's choosing: only addresses are dialled.
    const number = slice.ports?.find((each) => each.name === port || String(each.port) === port)?.port
    if (slice.addressType === 'FQDN' || number === undefined) continue
    for (const { addresses, conditions } of slice.endpoints ?? []) {
      if (conditions?.terminating === true) continue
      for (const address of addresses) {
        const instance = slice.addressType === 'IPv6' ? `[${address}]:${number}` : `${address}:${number}`
        // A missing condition means ready (EndpointConditions). During a move an address may stand in two slices.
        const ready = conditions?.ready !== false || found.get(instance)?.ready === true
        found.set(instance, { instance, url: `${scheme ?? 'http'}://${instance}`, ready })
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.instance < b.instance ? -1 : 1))
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '')
}
