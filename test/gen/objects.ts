import {
  API_VERSION,
  type ManagedObject,
  type MessageRouteObject,
  type PolicyObject,
  type ServiceObject,
} from '#controller/api/objects.ts'
import { validate } from '#controller/api/validate.ts'

interface Given {
  readonly metadata: { readonly name: string; readonly namespace?: string } & Record<string, unknown>
  readonly spec: unknown
  readonly status?: unknown
}

let age = 0

/** An object as an API server would hold it: defaults filled in, uid and creation time made up unless given. Throws for an invalid one. */
export function objectOf(kind: ManagedObject['kind'], { metadata, spec, status }: Given): ManagedObject {
  const checked = validate({ apiVersion: API_VERSION, kind, metadata, spec }, 'default')
  if (!checked.ok) throw new Error(`${kind} ${metadata.name}: ${JSON.stringify(checked.violations)}`)
  age += 1
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      uid: `uid-${kind}-${metadata.namespace ?? 'default'}-${metadata.name}`.toLowerCase(),
      generation: 1,
      resourceVersion: String(age),
      creationTimestamp: new Date(Date.UTC(2026, 0, 1) + age * 1000).toISOString(),
      ...metadata,
      namespace: metadata.namespace ?? 'default',
    },
    spec: checked.document.body.spec,
    ...(status !== undefined && { status }),
  } as unknown as ManagedObject
}

export function serviceOf(name: string, spec: unknown, metadata: Record<string, unknown> = {}): ServiceObject {
  return objectOf('Service', { metadata: { name, ...metadata }, spec }) as ServiceObject
}

export function messageRouteOf(
  name: string,
  spec: unknown,
  metadata: Record<string, unknown> = {},
): MessageRouteObject {
  return objectOf('MessageRoute', { metadata: { name, ...metadata }, spec }) as MessageRouteObject
}

export function policyOf(name: string, spec: unknown, metadata: Record<string, unknown> = {}): PolicyObject {
  return objectOf('Policy', { metadata: { name, ...metadata }, spec }) as PolicyObject
}
