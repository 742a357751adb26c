import type { ServiceHealth } from '#lib/model/health.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import type { View } from './view.ts'

export type Lookup =
  | { readonly found: true; readonly key: string; readonly entry: RegistryEntry; readonly service: ServiceHealth }
  | { readonly found: false; readonly status: 404 | 409; readonly error: string }

/** Finds a service by name: in the namespace asked for; else in the default one; else in the only one that has it. */
export function lookup(view: View, name: string, namespace: string | undefined, defaultNamespace: string): Lookup {
  const keys = view.keysByName.get(name) ?? []
  const at = (wanted: string) => keys.find((key) => view.entries.get(key)?.namespace === wanted)
  const key =
    namespace !== undefined ? at(namespace) : (at(defaultNamespace) ?? (keys.length === 1 ? keys[0] : undefined))
  const entry = key === undefined ? undefined : view.entries.get(key)
  const service = key === undefined ? undefined : view.services.get(key)
  if (key !== undefined && entry !== undefined && service !== undefined) return { found: true, key, entry, service }
  if (namespace !== undefined || keys.length === 0)
    return { found: false, status: 404, error: `Service ${name} not found` }
  const namespaces = keys.map((each) => view.entries.get(each)?.namespace).join(', ')
  const error = `Service ${name} is in several namespaces: ${namespaces}; ask with ?namespace=`
  return { found: false, status: 409, error }
}
