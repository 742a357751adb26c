import type { Model, SliceName } from '#lib/model/slice.ts'
import type { ManagedObject } from '../api/objects.ts'

/** What the translation of a whole world gives: the model to serve and a verdict on each object. */
export interface Outcome {
  readonly model: Model
  /** Keyed by `Kind/namespace/name`, in a stable order. */
  readonly verdicts: ReadonlyMap<string, Verdict>
}

export interface Verdict {
  readonly object: ManagedObject
  /** `Accepted` first, then warnings; `Programmed` and `Ready` are added by status, which knows the replicas. */
  readonly findings: readonly Finding[]
  /** The items that every replica of the slice must serve before the object is programmed. */
  readonly items: readonly ItemRef[]
  readonly detail: ServiceDetail | PolicyDetail | MessageRouteDetail
}

export interface Finding {
  readonly type: 'Accepted' | 'Overridden' | 'Shadowed' | 'ResolvedRefs'
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

export interface ItemRef {
  readonly slice: SliceName
  readonly key: string
}

export interface ServiceDetail {
  readonly kind: 'Service'
  readonly url: string | undefined
  readonly endpoints: number
  readonly policies: readonly string[]
  readonly lastGoodRateLimit: string | undefined
}

export interface PolicyDetail {
  readonly kind: 'Policy'
  readonly targets: readonly TargetVerdict[]
}

export interface MessageRouteDetail {
  readonly kind: 'MessageRoute'
  /** Path at the gateway; none where nobody may POST. */
  readonly url?: string
  /** Where its messages wait on the broker; none while nothing of it runs. */
  readonly queue?: string
  readonly deadLetterQueue?: string
  /** The earlier spec that stands in for one that is refused. */
  readonly lastGood?: { readonly generation: number; readonly spec: object }
}

/** What became of a policy on one of its targets. */
export interface TargetVerdict {
  readonly ref: {
    readonly group: string
    readonly kind: 'Service' | 'Namespace'
    readonly namespace: string
    readonly name: string
  }
  readonly outcome: 'Accepted' | 'Conflicted' | 'TargetNotFound' | 'Invalid'
  readonly message: string
  readonly items: readonly ItemRef[]
}

export function verdictKey(object: ManagedObject): string {
  return `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`
}

/** Oldest first, then `namespace/name`: the order in which claims to the same thing win (GEP-713, HTTPRoute). */
export function byAge(a: ManagedObject, b: ManagedObject): number {
  return (
    compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
    compare(a.metadata.namespace, b.metadata.namespace) ||
    compare(a.metadata.name, b.metadata.name)
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
