import { SoaError } from '#lib/error.ts'
import { API_VERSION, keyOf, type ServiceObject } from '../api/objects.ts'
import { validate } from '../api/validate.ts'
import type { CoreServiceRef, UrlRef } from '../config.ts'
import type { Source } from './source.ts'

/** Name of the built-in Service that stands for the bus; its name in the registry is `esb`. */
export const ESB_SERVICE = 'soaplane-esb'

/**
 * A source whose world has one Service more: the platform's own, behind a core Service, which nobody declares and nobody has
 * to. It has no status and is in no list, and a stored object of the same name stands in its place.
 */
export function withBuiltin(source: Source, service: ServiceObject): Source {
  const key = keyOf(service)
  let from: ReadonlyMap<string, ServiceObject> | undefined
  let services: ReadonlyMap<string, ServiceObject> = new Map()

  return {
    ...source,
    world() {
      const world = source.world()
      // The same map while the one beneath is the same: what comes after tells by reference what changed.
      if (world.services !== from) {
        from = world.services
        services = from.has(key) ? from : new Map(from).set(key, service)
      }
      return { ...world, services }
    },
    // Whoever registers under its name meets it, and learns that the name is taken.
    upsertService: (namespace, name, edit) =>
      source.upsertService(namespace, name, (current) => {
        if (current !== undefined || `${namespace}/${name}` !== key) return edit(current)
        const next = edit(service)
        return next === service ? undefined : next
      }),
  }
}

/** The bus as a Service: found by the registry, reached through the gateway. By an URL it is of the namespace that is watched. */
export function esbService(ref: CoreServiceRef | UrlRef, watched = 'default'): ServiceObject {
  const namespace = 'url' in ref ? watched : ref.namespace
  const checked = validate(
    {
      apiVersion: API_VERSION,
      kind: 'Service',
      metadata: { name: ESB_SERVICE, namespace },
      spec: {
        name: 'esb',
        owner: 'soaplane',
        ...('url' in ref ? { url: ref.url } : { kubernetesService: { name: ref.name, port: ref.port } }),
        health: { path: '/readyz', interval: '5s' },
        expose: { paths: [{ value: '/messages' }, { value: '/channels' }] },
      },
    },
    namespace,
  )
  if (!checked.ok) {
    const [{ field, message } = { field: '', message: '' }] = checked.violations
    throw new SoaError('SOA_CONFIG_INVALID', `SOAPLANE_ESB_SERVICE: ${field}: ${message}`)
  }
  return {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata: {
      ...checked.document.metadata,
      uid: `builtin/${ESB_SERVICE}`,
      generation: 1,
      resourceVersion: '1',
      // Of two that claim a path or a name the older holds it: the platform's own was there before anybody.
      creationTimestamp: '1970-01-01T00:00:00Z',
    },
    spec: checked.document.body.spec,
  } as unknown as ServiceObject
}
