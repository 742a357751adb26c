import type { EndpointHealth, ServiceHealth } from '#lib/model/health.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import type { View } from '../directory/view.ts'

/** One element of Prometheus http_sd's list. https://prometheus.io/docs/prometheus/latest/http_sd/ */
export interface TargetGroup {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** Every endpoint, sick ones included: Prometheus wants the whole list and sees for itself who is up. */
export function targetGroups({ entries, services }: View): readonly TargetGroup[] {
  const groups: TargetGroup[] = []
  for (const [key, { endpoints }] of services) {
    const entry = entries.get(key)
    if (entry !== undefined) for (const endpoint of endpoints) groups.push(groupOf(entry, endpoint))
  }
  return groups
}

function groupOf(
  entry: RegistryEntry,
  { instance, url, version, health }: ServiceHealth['endpoints'][number],
): TargetGroup {
  const { protocol, host, port, pathname } = new URL(url)
  const scheme = protocol.slice(0, -1)
  const metadata = Object.entries(entry.metadata).map(([name, value]) => [`metadata_${labelName(name)}`, value])
  const about: Record<string, string | undefined> = {
    service: entry.name,
    namespace: entry.namespace,
    object: entry.object,
    instance,
    url,
    path: pathname,
    origin: entry.origin,
    owner: entry.owner,
    version,
    health: health satisfies EndpointHealth['health'],
    ...Object.fromEntries(metadata),
  }
  const labels: Record<string, string> = { __scheme__: scheme }
  for (const [name, value] of Object.entries(about)) if (value !== undefined) labels[`__meta_soaplane_${name}`] = value
  return { targets: [port === '' ? `${host}:${scheme === 'https' ? 443 : 80}` : host], labels }
}

function labelName(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, '_')
}
