import type { MessageRouteEntry } from '#lib/model/esb.ts'
import type { MessageRouteObject } from '../../api/objects.ts'
import { type Derived, derived } from '../derived.ts'
import type { Holders } from '../names.ts'
import { entryOf } from './entry.ts'
import { faultOf, type Refusal } from './faults.ts'
import { type Placed, servicesOf } from './parts.ts'

/** One MessageRoute after its own checks: what would run of it, or why nothing can. */
export interface CompiledMessageRoute {
  readonly object: MessageRouteObject
  readonly entry: MessageRouteEntry | undefined
  readonly refusal: Refusal | undefined
  /** Services that the registry does not know, by the name they are called. */
  readonly missing: readonly Placed<string>[]
}

export type CompiledMessageRoutes = ReadonlyMap<string, CompiledMessageRoute>

/** Compiles each MessageRoute; what did not change since `last` keeps its entry, so that only changes travel. */
export function compileMessageRoutes(
  objects: Derived<MessageRouteObject>,
  holders: Holders,
  last: { readonly holders: Holders; readonly messageRoutes: CompiledMessageRoutes },
): Derived<CompiledMessageRoute> {
  return derived<MessageRouteObject, CompiledMessageRoute>(
    objects,
    last.messageRoutes,
    holders === last.holders,
    (_key, object, before) => compiled(object, holders, before),
  )
}

function compiled(
  object: MessageRouteObject,
  holders: Holders,
  last: CompiledMessageRoute | undefined,
): CompiledMessageRoute {
  const refusal = faultOf(object)
  if (refusal !== undefined) return last?.object === object ? last : { object, entry: undefined, refusal, missing: [] }
  const { namespace } = object.metadata
  // A Service that is missing is called by the name it would have by default: once it comes, it is most often the one.
  const entry = entryOf(object, (name) => holders.get(`${namespace}/${name}`) ?? `${namespace}/${name}`)
  const missing = [...servicesOf(object.spec)].filter(({ value }) => !holders.has(`${namespace}/${value}`))
  const same = last?.entry !== undefined && JSON.stringify(last.entry) === JSON.stringify(entry)
  if (same && last.object === object && JSON.stringify(last.missing) === JSON.stringify(missing)) return last
  return { object, entry: same ? last.entry : entry, refusal: undefined, missing }
}
