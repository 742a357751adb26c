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
  const kept: [string, RegistryEntry][] = []
  const put: [string, RegistryEntry][] = []
  const drop: string[] = []
  for (const [key, entry] of next) {
    const last = held.get(key)
    if (last === entry) continue
    if (last !== undefined && JSON.stringify(last) === JSON.stringify(entry)) kept.push([key, last])
    else put.push([key, entry])
  }
  for (const key of held.keys()) if (!next.has(key)) drop.push(key)
  return { entries: kept.length === 0 ? next : new Map([...next, ...kept]), put, drop }
}

/** The view after a difference in the model, and the keys whose endpoints watchers see differently. */
export function afterModel(
  view: View,
  difference: Difference,
  healthOf: HealthOf,
): { readonly view: View; readonly changed: readonly string[] } {
  const { entries, put, drop } = difference
  const services = new Map(view.services)
  const changed = [...drop]
  for (const key of drop) services.delete(key)
  for (const [key, entry] of put) {
    const next = healthOfService(key, entry, healthOf)
    if (sameHealth(services.get(key), next)) continue
    services.set(key, next)
    changed.push(key)
  }
  return { view: { entries, services, keysByName: namesAfter(view, difference) }, changed }
}

// Names rarely change: most differences share the index of the view before.
function namesAfter({ entries, keysByName }: View, { put, drop }: Difference): View['keysByName'] {
  const coming = put.filter(([key, { name }]) => entries.get(key)?.name !== name)
  const going = [...drop, ...coming.map(([key]) => key)].filter((key) => entries.has(key))
  if (coming.length === 0 && going.length === 0) return keysByName
  const next = new Map(keysByName)
  for (const key of going) {
    const name = entries.get(key)?.name ?? ''
    const left = (next.get(name) ?? []).filter((each) => each !== key)
    if (left.length > 0) next.set(name, left)
    else next.delete(name)
  }
  for (const [key, { name }] of coming) next.set(name, [...(next.get(name) ?? []), key].sort())
  return next
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
