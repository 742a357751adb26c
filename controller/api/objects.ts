import type { MessageRouteSpec, MessageRouteStatus } from './message-route.ts'
import type { PolicySpec, PolicyStatus } from './policy.ts'
import type { ServiceSpec, ServiceStatus } from './service.ts'

export const GROUP = 'soaplane.dev'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}` as const

/** Object metadata, as much of it as this project reads. */
export interface Metadata {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly generation: number
  readonly resourceVersion: string
  /** ISO 8601. */
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

interface Managed<K extends string, Spec, Status> {
  readonly apiVersion: typeof API_VERSION
  readonly kind: K
  readonly metadata: Metadata
  readonly spec: Spec
  readonly status?: Status
}

export type ServiceObject = Managed<'Service', ServiceSpec, ServiceStatus>
export type PolicyObject = Managed<'Policy', PolicySpec, PolicyStatus>
export type MessageRouteObject = Managed<'MessageRoute', MessageRouteSpec, MessageRouteStatus>
/** What the controller writes statuses of. A new kind is one more member. */
export type ManagedObject = ServiceObject | PolicyObject | MessageRouteObject

/** discovery.k8s.io/v1 EndpointSlice, as much of it as this project reads. */
export interface EndpointSlice {
  readonly metadata: Metadata
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN'
  readonly endpoints?: readonly {
    readonly addresses: readonly string[]
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean }
    readonly targetRef?: { readonly kind?: string; readonly name?: string }
  }[]
  readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[]
}

/** `namespace/name`: how maps of one kind are keyed. */
export function keyOf(object: { readonly metadata: { readonly namespace: string; readonly name: string } }): string {
  return `${object.metadata.namespace}/${object.metadata.name}`
}
