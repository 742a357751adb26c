import { keyOf, type ServiceObject } from '../api/objects.ts'
import type { Derived } from './derived.ts'
import { malformed } from './malformed.ts'
import { byAge } from './outcome.ts'

/** Which Service holds each registry name, of those that claim it the oldest: by `namespace/name`, its `namespace/object`. */
export type Holders = ReadonlyMap<string, string>

export function holdersOfNames(
  services: Derived<ServiceObject>,
  last: { readonly services: ReadonlyMap<string, ServiceObject>; readonly holders: Holders },
): Holders {
  // A change that moves no claim, such as of an annotation, leaves the holders who they are.
  const moved = [...services.changed].some((key) => !claimsTheSame(services.map.get(key), last.services.get(key)))
  return moved ? holdersAmong(services.map.values()) : last.holders
}

function claimsTheSame(a: ServiceObject | undefined, b: ServiceObject | undefined): boolean {
  return a !== undefined && b !== undefined && a.metadata.uid === b.metadata.uid && claimOf(a) === claimOf(b)
}

/** The name it holds in the registry. A malformed object has no name but its own. */
export function registryNameOf(service: ServiceObject): string {
  return malformed(service) === undefined ? (service.spec.name ?? service.metadata.name) : service.metadata.name
}

/** `namespace/name`; undefined for an object that cannot be read, and claims nothing. */
export function claimOf(service: ServiceObject): string | undefined {
  return malformed(service) === undefined ? `${service.metadata.namespace}/${registryNameOf(service)}` : undefined
}

function holdersAmong(services: Iterable<ServiceObject>): Holders {
  const oldest = new Map<string, ServiceObject>()
  for (const service of services) {
    const claim = claimOf(service)
    if (claim === undefined) continue
    const holder = oldest.get(claim)
    if (holder === undefined || byAge(service, holder) < 0) oldest.set(claim, service)
  }
  return new Map([...oldest].map(([claim, service]) => [claim, keyOf(service)]))
}
