import type { Part } from '#lib/run.ts'
import type { EndpointSlice, ManagedObject, MessageRouteObject, PolicyObject, ServiceObject } from '../api/objects.ts'

/**
 * Everything the translation reads, as last seen; maps keyed by `namespace/name`. Replaced objects are new references; one
 * of which only the status was replaced is not, and has the status it came with: statuses are this controller's own words.
 */
export interface World {
  readonly services: ReadonlyMap<string, ServiceObject>
  readonly policies: ReadonlyMap<string, PolicyObject>
  readonly messageRoutes: ReadonlyMap<string, MessageRouteObject>
  readonly endpointSlices: ReadonlyMap<string, EndpointSlice>
}

/** Where desired state comes from. After this interface nothing can tell Kubernetes from a folder. */
export interface Source {
  /** The loops that keep the world fresh; started parts have completed their first full list. */
  readonly parts: readonly Part[]
  readonly world: () => World
  /** Every object of the kinds that have statuses, as stored: with its newest status. */
  readonly objects: () => Iterable<ManagedObject>
  /** An object of the world as stored; undefined once the world has another in its place, or none. */
  readonly stored: (object: ManagedObject) => ManagedObject | undefined
  /** Calls back after each change, of the world or of statuses alone; may be called often, must return at once. */
  readonly onChange: (listener: (what: Changed) => void) => void
  /** Whether every part of the world has completed a full list: nothing may be withdrawn before. */
  readonly synced: () => boolean
  /** Whether this process may write statuses. */
  readonly leads: () => boolean
  readonly onLead: (listener: (leads: boolean) => void) => void
  /** Creates or replaces what `edit` gives for the object as it stands (undefined: absent); undefined deletes it. Retries conflicts. */
  readonly upsertService: (
    namespace: string,
    name: string,
    edit: (current: ServiceObject | undefined) => ServiceObject | undefined,
  ) => Promise<void>
  /** Replaces the status when the stored object still has this resourceVersion; false when it had moved on. */
  readonly writeStatus: (object: ManagedObject, status: object) => Promise<boolean>
  /** Tells users of a transition (a Kubernetes Event; a log line in a folder). */
  readonly recordEvent: (object: ManagedObject, event: SourceEvent) => Promise<void>
}

export type Changed = 'desired' | 'status'

export interface SourceEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}
