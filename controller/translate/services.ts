import { contentHash } from '#lib/hash.ts'
import { forbiddenAddress } from '#lib/model/address.ts'
import { durationMs } from '#lib/model/duration.ts'
import type { HealthCheck, RegistryEntry } from '#lib/model/registry.ts'
import { type EndpointSlice, keyOf, type ServiceObject } from '../api/objects.ts'
import { endpointsOf, slicesByService, slicesOf } from './endpoints.ts'
import { malformed } from './malformed.ts'
import { byAge } from './outcome.ts'

/** Set on Services that came in by POST /register. */
export const REGISTERED_LABEL = 'soaplane.dev/registered'

/** One Service after its own checks: an entry of the registry, or the reason why it is none. */
export type CompiledService =
  | {
      readonly accepted: true
      readonly object: ServiceObject
      readonly entry: RegistryEntry
      readonly slices: readonly EndpointSlice[]
    }
  | { readonly accepted: false; readonly object: ServiceObject; readonly reason: string; readonly message: string }

export type CompiledServices = ReadonlyMap<string, CompiledService>

/** Compiles each Service; what did not change since `last` keeps its entry, so that only changes travel. */
export function compileServices(
  services: ReadonlyMap<string, ServiceObject>,
  endpointSlices: Iterable<EndpointSlice>,
  last: CompiledServices,
): CompiledServices {
  const slices = slicesByService(endpointSlices)
  const holders = holdersOfNames(services.values())
  const compiled = new Map<string, CompiledService>()
  for (const [key, object] of services) {
    const message = malformed(object)
    if (message !== undefined) {
      compiled.set(key, { accepted: false, object, reason: 'Malformed', message })
      continue
    }
    const holder = holders.get(`${object.metadata.namespace}/${registryNameOf(object)}`)
    if (holder !== undefined && holder !== object) compiled.set(key, nameConflict(object, holder))
    else compiled.set(key, compileService(object, slicesOf(object, slices), last.get(key)))
  }
  return compiled
}

/** The name it holds in the registry. A malformed object has no name but its own. */
export function registryNameOf(service: ServiceObject): string {
  return malformed(service) === undefined ? (service.spec.name ?? service.metadata.name) : service.metadata.name
}

function holdersOfNames(services: Iterable<ServiceObject>): ReadonlyMap<string, ServiceObject> {
  const holders = new Map<string, ServiceObject>()
  for (const service of services) {
    if (malformed(service) !== undefined) continue
    const name = `${service.metadata.namespace}/${registryNameOf(service)}`
    const holder = holders.get(name)
    if (holder === undefined || byAge(service, holder) < 0) holders.set(name, service)
  }
  return holders
}

function compileService(
  object: ServiceObject,
  slices: readonly EndpointSlice[],
  last: CompiledService | undefined,
): CompiledService {
  if (last?.object === object && last.accepted && sameList(last.slices, slices)) return last
  const endpoints = endpointsOf(object, slices)
  for (const { url } of endpoints) {
    const why = forbiddenAddress(url)
    if (why !== undefined) return { accepted: false, object, reason: 'ForbiddenAddress', message: `${url}: ${why}` }
  }
  const { version, owner, contract, metadata } = object.spec
  const health = healthOf(object)
  const entry: RegistryEntry = {
    uid: object.metadata.uid,
    namespace: object.metadata.namespace,
    object: object.metadata.name,
    name: registryNameOf(object),
    ...(version !== undefined && { version }),
    ...(owner !== undefined && { owner }),
    ...(contract !== undefined && { contract }),
    metadata: metadata ?? {},
    origin: object.metadata.labels?.[REGISTERED_LABEL] === 'true' ? 'registered' : 'declared',
    endpoints,
    endpointsRev: contentHash([endpoints, health ?? null]),
    ...(health && { health }),
    createdAt: object.metadata.creationTimestamp,
  }
  return { accepted: true, object, entry, slices }
}

function healthOf({ spec: { health } }: ServiceObject): HealthCheck | undefined {
  if (health === undefined) return undefined
  return {
    type: health.type ?? 'http',
    path: health.path ?? '/',
    intervalMs: durationMs(health.interval ?? '10s') ?? 10_000,
    timeoutMs: durationMs(health.timeout ?? '2s') ?? 2_000,
    unhealthyAfter: health.unhealthyAfter ?? 2,
    healthyAfter: health.healthyAfter ?? 1,
  }
}

function nameConflict(object: ServiceObject, holder: ServiceObject): CompiledService {
  const message = `Registry name "${registryNameOf(object)}" is held by the older Service ${keyOf(holder)}; set spec.name to another`
  return { accepted: false, object, reason: 'NameConflict', message }
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i])
}
