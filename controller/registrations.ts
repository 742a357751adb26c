import { contentHash } from '#lib/hash.ts'
import { API_VERSION, type ServiceObject } from './api/objects.ts'
import { validate } from './api/validate.ts'
import { registryNameOf } from './translate/names.ts'
import { REGISTERED_LABEL } from './translate/services.ts'

/** Who registers: registry names, not object names; `instance` tells several of one service apart. */
export interface Registrant {
  readonly namespace: string
  readonly name: string
  readonly instance: string
}

export interface Registration {
  readonly url: string
  readonly version?: string
  readonly owner?: string
  readonly contract?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly ttl?: string
  /** As in the Service's spec; what is left out gets its default. */
  readonly health?: Readonly<Record<string, unknown>>
}

export type Refusal = { readonly ok: false; readonly status: 400 | 404 | 409; readonly detail: string }
export type Edit = { readonly ok: true; readonly object: ServiceObject | undefined }

/** The object that holds a registry name, or would: `ServiceA` is no object name, so it becomes `servicea-<hash>`. */
export function objectNameFor({ namespace, name }: Registrant, services: Iterable<ServiceObject>): string {
  for (const service of services) {
    if (service.metadata.namespace === namespace && registryNameOf(service) === name) return service.metadata.name
  }
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/\.+(?=-|$)|(?<=-)\.+/g, '')
  return plain === name && !/[.-]{2}|\.-|-\./.test(plain)
    ? plain
    : `${plain.replaceAll('.', '-')}-${contentHash(name).slice(0, 6)}`
}

/** The object with this instance added or replaced; the same object when nothing would change, so that nothing is written. */
export function withRegistration(
  current: ServiceObject | undefined,
  object: string,
  who: Registrant,
  registration: Registration,
): Edit | Refusal {
  if (current !== undefined && !isRegistered(current)) return declared(current, who)
  const { version, owner, contract, metadata, health, url, ttl } = registration
  const own = {
    instance: who.instance,
    url,
    ...(version !== undefined && { version }),
    ...(ttl !== undefined && { ttl }),
  }
  const others = (current?.spec.endpoints ?? []).filter(({ instance }) => instance !== who.instance)
  const endpoints = [...others, own].sort((a, b) => (a.instance < b.instance ? -1 : 1))
  const given = { version, owner, contract, metadata, health }
  const spec = {
    ...current?.spec,
    name: who.name,
    endpoints,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  }
  const candidate = {
    apiVersion: API_VERSION,
    kind: 'Service',
    metadata: {
      ...current?.metadata,
      name: object,
      namespace: who.namespace,
      labels: { ...current?.metadata.labels, [REGISTERED_LABEL]: 'true' },
    },
    spec,
  }
  const checked = validate(candidate, who.namespace)
  if (!checked.ok)
    return refused(400, checked.violations.map(({ field, message }) => `${asked(field)}: ${message}`).join('; '))
  const next = { ...candidate, spec: checked.document.body.spec } as unknown as ServiceObject
  return {
    ok: true,
    object: current !== undefined && contentHash(current.spec) === contentHash(next.spec) ? current : next,
  }
}

/** The object without this instance (without any, if none is given); undefined when none is left. */
export function withoutRegistration(
  current: ServiceObject | undefined,
  who: Omit<Registrant, 'instance'> & { readonly instance: string | undefined },
): Edit | Refusal {
  if (current === undefined) return refused(404, `Service ${who.name} is not registered`)
  if (!isRegistered(current)) return declared(current, who)
  if (who.instance === undefined) return { ok: true, object: undefined }
  const endpoints = current.spec.endpoints ?? []
  const left = endpoints.filter(({ instance }) => instance !== who.instance)
  if (left.length === endpoints.length) return refused(404, `Service ${who.name} has no instance ${who.instance}`)
  return {
    ok: true,
    object: left.length === 0 ? undefined : { ...current, spec: { ...current.spec, endpoints: left } },
  }
}

function isRegistered(service: ServiceObject): boolean {
  return service.metadata.labels?.[REGISTERED_LABEL] === 'true'
}

function declared({ metadata }: ServiceObject, { name }: { readonly name: string }): Refusal {
  return refused(
    409,
    `${name} is declared by Service ${metadata.namespace}/${metadata.name}; change that object, or register another name`,
  )
}

function refused(status: Refusal['status'], detail: string): Refusal {
  return { ok: false, status, detail }
}

// What the registrant sent is flat; where it ends up in the object is not their concern.
function asked(field: string): string {
  return field.replace(/^spec\./, '').replace(/^endpoints\[\d+\]\.?/, '')
}
