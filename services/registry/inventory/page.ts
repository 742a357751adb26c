import type { EndpointHealth, ServiceHealth } from '#lib/model/health.ts'
import type { Endpoint, RegistryEntry } from '#lib/model/registry.ts'
import { versionTest } from '../directory/version.ts'
import type { View } from '../directory/view.ts'
import type { Verdict } from '../health/verdict.ts'

/** One service as people and tools read it: who, what, where, how it is. */
export interface InventoryItem {
  readonly name: string
  readonly namespace: string
  readonly object: string
  readonly origin: RegistryEntry['origin']
  readonly owner?: string
  readonly version?: string
  readonly contract?: string
  readonly metadata: Readonly<Record<string, string>>
  readonly health: HealthSummary
  readonly endpoints: readonly InventoryEndpoint[]
  readonly createdAt: string
}

export interface HealthSummary {
  /** The best that an endpoint has to offer; unhealthy when there is none. */
  readonly status: ServiceHealth['endpoints'][number]['health']
  readonly healthy: number
  readonly unhealthy: number
  readonly unknown: number
}

export interface InventoryEndpoint {
  readonly instance: string
  readonly url: string
  readonly version?: string
  readonly health: Verdict['health']
  readonly reason?: Verdict['reason']
  /** Why the last probe failed. */
  readonly message?: string
  /** Seconds between renewals at most. */
  readonly ttl?: number
}

/** What soft state says beyond health. */
export interface SoftState {
  readonly verdict: (key: string, entry: RegistryEntry, endpoint: Endpoint) => Verdict
  readonly message: (key: string, instance: string) => string | undefined
}

export interface Filters {
  readonly owner?: string
  readonly version?: string
  readonly namespace?: string
  readonly health?: string
  readonly metadata: Readonly<Record<string, string>>
}

export interface Page {
  readonly services: readonly InventoryItem[]
  /** Asks for the next page; absent on the last. */
  readonly continue?: string
}

/** Pages in the order of keys; what is added or dropped meanwhile neither repeats nor hides others. */
export function pageOf(
  view: View,
  soft: SoftState,
  filters: Filters,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Page {
  const keys = sortedKeys(view)
  const matches = matcher(view, filters)
  const services: InventoryItem[] = []
  let last = ''
  for (let i = after === undefined ? 0 : firstAfter(keys, after); i < keys.length; i++) {
    const key = keys[i] as string
    if (!matches(key)) continue
    if (services.length === limit) return { services, continue: tokenOf(last) }
    services.push(itemOf(view, key, soft))
    last = key
  }
  return { services }
}

export function itemOf(view: View, key: string, soft: SoftState): InventoryItem {
  const entry = view.entries.get(key) as RegistryEntry
  const { name, namespace, object, origin, owner, version, contract, metadata, createdAt } = entry
  const { endpoints } = view.services.get(key) as ServiceHealth
  return {
    name,
    namespace,
    object,
    origin,
    ...(owner !== undefined && { owner }),
    ...(version !== undefined && { version }),
    ...(contract !== undefined && { contract }),
    metadata,
    health: summaryOf(endpoints),
    endpoints: entry.endpoints.map((endpoint, i) =>
      endpointOf(key, entry, endpoint, endpoints[i] as EndpointHealth, soft),
    ),
    createdAt,
  }
}

function endpointOf(
  key: string,
  entry: RegistryEntry,
  endpoint: Endpoint,
  shown: EndpointHealth,
  soft: SoftState,
): InventoryEndpoint {
  const { health, reason } = soft.verdict(key, entry, endpoint)
  // The view follows within the same tick; until then its word counts, without a reason.
  const why = health === shown.health ? reason : undefined
  const message = why === 'ProbeFailed' ? soft.message(key, endpoint.instance) : undefined
  return {
    ...shown,
    ...(why !== undefined && { reason: why }),
    ...(message !== undefined && { message }),
    ...(endpoint.ttlMs !== undefined && { ttl: endpoint.ttlMs / 1_000 }),
  }
}

export function summaryOf(endpoints: ServiceHealth['endpoints']): HealthSummary {
  const counts = { healthy: 0, unhealthy: 0, unknown: 0 }
  for (const { health } of endpoints) counts[health] += 1
  const status = counts.healthy > 0 ? 'healthy' : counts.unknown > 0 ? 'unknown' : 'unhealthy'
  return { status, ...counts }
}

/** The place of a `continue` token; undefined when it is none. */
export function placeIn(token: string): string | undefined {
  const place = Buffer.from(token, 'base64url').toString()
  return place.includes('/') && tokenOf(place) === token ? place : undefined
}

function tokenOf(key: string): string {
  return Buffer.from(key).toString('base64url')
}

function matcher(
  { entries, services }: View,
  { owner, version, namespace, health, metadata }: Filters,
): (key: string) => boolean {
  const isVersion = version === undefined ? () => true : versionTest(version)
  const labels = Object.entries(metadata)
  return (key) => {
    const entry = entries.get(key)
    const service = services.get(key)
    if (entry === undefined || service === undefined) return false
    return (
      (namespace === undefined || entry.namespace === namespace) &&
      (owner === undefined || entry.owner === owner) &&
      labels.every(([name, value]) => entry.metadata[name] === value) &&
      (health === undefined || summaryOf(service.endpoints).status === health) &&
      (isVersion(entry.version) || service.endpoints.some((endpoint) => isVersion(endpoint.version)))
    )
  }
}

// Sorted once for each table, not for each page.
const sorted = new WeakMap<View['entries'], readonly string[]>()

function sortedKeys({ entries }: View): readonly string[] {
  const keys = sorted.get(entries) ?? [...entries.keys()].sort()
  sorted.set(entries, keys)
  return keys
}

function firstAfter(keys: readonly string[], place: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) <= place) low = middle + 1
    else high = middle
  }
  return low
}
