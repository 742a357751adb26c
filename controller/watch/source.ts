import type { Part } from '#lib/run.ts'
import type { EndpointSlice, ManagedObject, PolicyObject, ServiceObject } from '../api/objects.ts'

/** Everything the translation reads, as last seen; maps keyed by `namespace/name`. Replaced objects are new references. */
export interface World {
  readonly services: ReadonlyMap<string, ServiceObject>
  readonly policies: ReadonlyMap<string, PolicyObject>
  readonly endpointSlices: ReadonlyMap<string, EndpointSlice>
}

/** Where desired state comes from. After this interface nothing can tell Kubernetes from a folder. */
export interface Source {
  /** The loops that keep the world fresh; started parts have completed their first full list. */
  readonly parts: readonly Part[]
  readonly world: () => World
  /** Calls back after each change of the world; may be called often, must return at once. */
  readonly onChange: (listener: () => void) => void
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

export interface SourceEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}
