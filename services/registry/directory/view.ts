import type { EndpointHealth, ServiceHealth } from '#lib/model/health.ts'
import type { Endpoint, RegistryEntry } from '#lib/model/registry.ts'

/** What the registry answers from, as of one moment; never changed, only replaced. */
export interface View {
  readonly entries: ReadonlyMap<string, RegistryEntry>
  readonly services: ReadonlyMap<string, ServiceHealth>
  /** Keys by registry name, sorted: one for each namespace that has it. */
  readonly keysByName: ReadonlyMap<string, readonly string[]>
}

export const EMPTY: View = { entries: new Map(), services: new Map(), keysByName: new Map() }

/** How two tables of entries differ. */
export interface Difference {
  /** The new table; entries equal by content keep their reference. */
  readonly entries: ReadonlyMap<string, RegistryEntry>
  readonly put: readonly (readonly [string, RegistryEntry])[]
  readonly drop: readonly string[]
}

export type HealthOf = (key: string, entry: RegistryEntry, endpoint: Endpoint) => EndpointHealth['health']

/** Costs a comparison by reference for what did not travel, one by content for what did. */
export function difference(
  held: ReadonlyMap<string, RegistryEntry>,
  next: ReadonlyMap<string, RegistryEntry>,
): Difference {
  const entries = new Map<string, RegistryEntry>()
  const put: [string, RegistryEntry][] = []
  for (const [key, entry] of next) {
    const last = held.get(key)
    const isSame = last === entry || (last !== undefined && JSON.stringify(last) === JSON.stringify(entry))
    entries.set(key, isSame ? last : entry)
    if (!isSame) put.push([key, entry])
  }
  return { entries, put, drop: [...held.keys()].filter((key) => !next.has(key)) }
}

/** The view after a difference in the model, and the keys whose endpoints watchers see differently. */
export function afterModel(
  view: View,
  { entries, put, drop }: Difference,
  healthOf: HealthOf,
): { readonly view: View; readonly changed: readonly string[] } {
  const services = new Map(view.services)
  const keysByName = new Map(view.keysByName)
  const changed: string[] = []
  for (const key of drop) {
    unname(keysByName, key, view.entries.get(key)?.name)
    services.delete(key)
    changed.push(key)
  }
  for (const [key, entry] of put) {
    const last = view.entries.get(key)
    if (last?.name !== entry.name) {
      unname(keysByName, key, last?.name)
      keysByName.set(entry.name, [...(keysByName.get(entry.name) ?? []), key].sort())
    }
    const next = healthOfService(key, entry, healthOf)
    if (sameHealth(services.get(key), next)) continue
    services.set(key, next)
    changed.push(key)
  }
  return { view: { entries, services, keysByName }, changed }
}

/** The view after soft state of these services changed. */
export function afterHealth(
  view: View,
  keys: Iterable<string>,
  healthOf: HealthOf,
): { readonly view: View; readonly changed: readonly string[] } {
  let services: Map<string, ServiceHealth> | undefined
  const changed: string[] = []
  for (const key of keys) {
    const entry = view.entries.get(key)
    if (entry === undefined) continue
    const next = healthOfService(key, entry, healthOf)
    if (sameHealth(view.services.get(key), next)) continue
    services ??= new Map(view.services)
    services.set(key, next)
    changed.push(key)
  }
  return { view: services === undefined ? view : { ...view, services }, changed }
}

function healthOfService(key: string, entry: RegistryEntry, healthOf: HealthOf): ServiceHealth {
  const { namespace, name, endpointsRev } = entry
  const endpoints = entry.endpoints.map((endpoint): EndpointHealth => {
    const version = endpoint.version ?? entry.version
    const { instance, url } = endpoint
    return { instance, url, ...(version !== undefined && { version }), health: healthOf(key, entry, endpoint) }
  })
  return { key, namespace, name, endpointsRev, endpoints }
}

function sameHealth(last: ServiceHealth | undefined, next: ServiceHealth): boolean {
  return last !== undefined && JSON.stringify(last) === JSON.stringify(next)
}

function unname(keysByName: Map<string, readonly string[]>, key: string, name: string | undefined): void {
  if (name === undefined) return
  const left = (keysByName.get(name) ?? []).filter((each) => each !== key)
  if (left.length > 0) keysByName.set(name, left)
  else keysByName.delete(name)
}
