import { contentHash } from '#lib/hash.ts'
import { forbiddenAddress } from '#lib/model/address.ts'
import { durationMs } from '#lib/model/duration.ts'
import type { HealthCheck, RegistryEntry } from '#lib/model/registry.ts'
import type { EndpointSlice, ServiceObject } from '../api/objects.ts'
import { type AnnotatedLimit, annotated } from './annotation.ts'
import { type Derived, derived } from './derived.ts'
import { endpointsOf, type SlicesByService, slicesOf } from './endpoints.ts'
import { malformed } from './malformed.ts'
import { claimOf, type Holders, registryNameOf } from './names.ts'

/** Set on Services that came in by POST /register. */
export const REGISTERED_LABEL = 'soaplane.dev/registered'

/** One Service after its own checks: an entry of the registry, or the reason why it is none. */
export type CompiledService = {
  readonly object: ServiceObject
  readonly annotated: AnnotatedLimit
} & (
  | { readonly accepted: true; readonly entry: RegistryEntry; readonly slices: readonly EndpointSlice[] }
  | { readonly accepted: false; readonly reason: string; readonly message: string }
)

export type CompiledServices = ReadonlyMap<string, CompiledService>

/** What Services are compiled with, beside their objects. */
export interface Surroundings {
  readonly slices: SlicesByService
  readonly holders: Holders
}

/** Compiles each Service; what did not change since `last` keeps its entry, so that only changes travel. */
export function compileServices(
  services: Derived<ServiceObject>,
  { slices, holders }: Surroundings,
  last: Surroundings & { readonly services: CompiledServices },
): Derived<CompiledService> {
  const sameElse = slices === last.slices && holders === last.holders
  return derived<ServiceObject, CompiledService>(services, last.services, sameElse, (key, object, before) => {
    const claim = claimOf(object)
    if (claim === undefined) return refused(before, object, 'Malformed', malformed(object) ?? '')
    const holder = holders.get(claim)
    if (holder !== undefined && holder !== key) return nameConflict(before, object, holder)
    return compileService(object, slicesOf(object, slices), before)
  })
}

function refused(
  before: CompiledService | undefined,
  object: ServiceObject,
  reason: string,
  message: string,
): CompiledService {
  if (before?.accepted === false && before.object === object && before.message === message) return before
  return { accepted: false, object, annotated: annotated(object, before), reason, message }
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
    if (why !== undefined) return refused(last, object, 'ForbiddenAddress', `${url}: ${why}`)
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
  return { accepted: true, object, annotated: annotated(object, last), entry: kept(last, entry), slices }
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

function nameConflict(before: CompiledService | undefined, object: ServiceObject, holder: string): CompiledService {
  const message = `Registry name "${registryNameOf(object)}" is held by the older Service ${holder}; set spec.name to another`
  return refused(before, object, 'NameConflict', message)
}

// Fields are put in one order here, so texts tell.
function kept(last: CompiledService | undefined, entry: RegistryEntry): RegistryEntry {
  return last?.accepted && JSON.stringify(last.entry) === JSON.stringify(entry) ? last.entry : entry
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i])
}
