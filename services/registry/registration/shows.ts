import { canonical } from '#lib/hash.ts'
import { durationMs } from '#lib/model/duration.ts'
import type { HealthCheck, RegistryEntry } from '#lib/model/registry.ts'
import type { Registration } from './parse.ts'

/** Whether an entry says all that a registration asks for: then there is nothing to write and nothing to wait for. */
export function shows(entry: RegistryEntry | undefined, registration: Registration): boolean {
  const { instance, url, ttlMs, version, owner, contract, metadata, health } = registration
  const endpoint = entry?.endpoints.find((each) => each.instance === instance)
  if (entry === undefined || endpoint === undefined) return false
  return (
    endpoint.url === url &&
    endpoint.ttlMs === ttlMs &&
    (version === undefined || (endpoint.version ?? entry.version) === version) &&
    (owner === undefined || entry.owner === owner) &&
    (contract === undefined || entry.contract === contract) &&
    (metadata === undefined || canonical(entry.metadata) === canonical(metadata)) &&
    (health === undefined || checks(entry.health, health))
  )
}

function checks(check: HealthCheck | undefined, asked: NonNullable<Registration['health']>): boolean {
  if (check === undefined) return false
  const { interval, timeout, ...rest } = asked
  const compiled = {
    ...rest,
    ...(interval !== undefined && { intervalMs: durationMs(interval) }),
    ...(timeout !== undefined && { timeoutMs: durationMs(timeout) }),
  }
  return Object.entries(compiled).every(([field, value]) => check[field as keyof HealthCheck] === value)
}
