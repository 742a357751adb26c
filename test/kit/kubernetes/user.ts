import { KINDS } from '#controller/api/kinds.ts'
import { API_VERSION, GROUP, type ManagedObject, VERSION } from '#controller/api/objects.ts'
import { upsert } from '#controller/watch/upsert.ts'
import { EVENTS, pathTo } from '#lib/kube/paths.ts'
import type { Kube } from '#lib/kube.ts'

/** A user's hands in one namespace: what `kubectl apply`, `get` and `delete` do, without a process for each. */
export interface User {
  readonly namespace: string
  /** Creates the object, or gives it this spec and these annotations; labels and status stay. */
  readonly apply: (
    kind: ManagedObject['kind'],
    name: string,
    spec: unknown,
    annotations?: Readonly<Record<string, string>>,
  ) => Promise<void>
  readonly remove: (kind: ManagedObject['kind'], name: string) => Promise<void>
  readonly get: (kind: ManagedObject['kind'], name: string) => Promise<ManagedObject | undefined>
  readonly list: (kind: ManagedObject['kind']) => Promise<readonly ManagedObject[]>
  /** `type=status/reason` of each condition, in order. */
  readonly conditions: (kind: ManagedObject['kind'], name: string) => Promise<readonly string[]>
  /** `type reason xcount` of each Event on the object, sorted: their times are whole seconds. */
  readonly events: (name: string) => Promise<readonly string[]>
}

interface StoredEvent {
  readonly involvedObject: { readonly name: string }
  readonly type: string
  readonly reason: string
  readonly count: number
}

export function userOf(kube: Kube, namespace: string): User {
  const collection = (kind: string) => {
    const plural = KINDS.find((each) => each.kind === kind)?.plural ?? kind
    return { group: GROUP, version: VERSION, plural }
  }
  const get = (kind: string, name: string) => kube.get<ManagedObject>(pathTo(collection(kind), namespace, name))
  return {
    namespace,
    get,
    async apply(kind, name, spec, annotations = {}) {
      const edit = (current: ManagedObject | undefined) =>
        ({
          ...(current ?? { apiVersion: API_VERSION, kind }),
          metadata: { ...current?.metadata, name, namespace, annotations },
          spec,
        }) as ManagedObject
      await upsert(kube, collection(kind), { namespace, name }, edit, Math.random)
    },
    remove: (kind, name) => kube.remove(pathTo(collection(kind), namespace, name)),
    list: async (kind) => (await kube.list(pathTo(collection(kind), namespace), {})).items as readonly ManagedObject[],
    async conditions(kind, name) {
      const object = await get(kind, name)
      return (object?.status?.conditions ?? []).map((each) => `${each.type}=${each.status}/${each.reason}`)
    },
    async events(name) {
      const { items } = await kube.list(pathTo(EVENTS, namespace), {})
      return (items as unknown as readonly StoredEvent[])
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ type, reason, count }) => `${type} ${reason} x${count}`)
        .sort()
    },
  }
}
