import type { MessageRouteEntry } from '#lib/model/esb.ts'
import type { MessageRouteObject } from '../../api/objects.ts'
import { type Derived, derived } from '../derived.ts'
import type { Holders } from '../names.ts'
import { entryOf, type Spec } from './entry.ts'
import { faultOf, type Refusal } from './faults.ts'
import { type Placed, servicesOf } from './parts.ts'

/** One MessageRoute after its own checks: what would run of it, or why nothing can. */
export interface CompiledMessageRoute {
  readonly object: MessageRouteObject
  readonly entry: MessageRouteEntry | undefined
  readonly refusal: Refusal | undefined
  /** Services that the registry does not know, by the name they are called. */
  readonly missing: readonly Placed<string>[]
  /** The last good spec of the same object, where it is an earlier one, and what would run of that. */
  readonly earlier: Earlier | undefined
}

export interface GoodSpec {
  readonly uid: string
  readonly generation: number
  readonly spec: Spec
}

export interface Earlier extends GoodSpec {
  readonly entry: MessageRouteEntry
}

export type CompiledMessageRoutes = ReadonlyMap<string, CompiledMessageRoute>

/** What MessageRoutes are compiled with, beside their objects. */
interface Surroundings {
  readonly holders: Holders
  /** The last good spec of each; over restarts its status remembers it. */
  readonly good: ReadonlyMap<string, GoodSpec>
}

/** Compiles each MessageRoute; what did not change since `last` keeps its entry, so that only changes travel. */
export function compileMessageRoutes(
  objects: Derived<MessageRouteObject>,
  { holders, good }: Surroundings,
  last: { readonly holders: Holders; readonly messageRoutes: CompiledMessageRoutes },
): Derived<CompiledMessageRoute> {
  const sameElse = holders === last.holders
  return derived<MessageRouteObject, CompiledMessageRoute>(
    objects,
    last.messageRoutes,
    sameElse,
    (key, object, before) => {
      const known = good.get(key)
      const next = compiled(object, holders, known?.uid === object.metadata.uid ? known : object.status?.lastGood)
      return before === undefined ? next : kept(before, next)
    },
  )
}

function compiled(
  object: MessageRouteObject,
  holders: Holders,
  good: { readonly generation: number; readonly spec: object } | undefined,
): CompiledMessageRoute {
  const refusal = faultOf(object)
  const { namespace } = object.metadata
  return {
    object,
    entry: refusal === undefined ? entryIn(object, holders) : undefined,
    refusal,
    missing:
      refusal === undefined
        ? [...servicesOf(object.spec)].filter(({ value }) => !holders.has(`${namespace}/${value}`))
        : [],
    earlier: good && earlierOf(object, good as GoodSpec, holders),
  }
}

function earlierOf(
  { metadata, ...rest }: MessageRouteObject,
  { generation, spec }: Pick<GoodSpec, 'generation' | 'spec'>,
  holders: Holders,
): Earlier | undefined {
  if (generation === metadata.generation) return undefined
  const object: MessageRouteObject = { ...rest, metadata: { ...metadata, generation }, spec }
  // What a status remembers may be from before a schema grew stricter.
  return faultOf(object) === undefined
    ? { uid: metadata.uid, generation, spec, entry: entryIn(object, holders) }
    : undefined
}

// A Service that is missing is called by the name it would have by default: once it comes, it is most often the one.
function entryIn(object: MessageRouteObject, holders: Holders): MessageRouteEntry {
  const { namespace } = object.metadata
  return entryOf(object, (name) => holders.get(`${namespace}/${name}`) ?? `${namespace}/${name}`)
}

/** The last one, or its entries, where they are the same. Fields are put in one order here, so texts tell. */
function kept(last: CompiledMessageRoute, next: CompiledMessageRoute): CompiledMessageRoute {
  const known = [last.entry, last.earlier?.entry]
  const entry = next.entry && (known.find((each) => same(each, next.entry)) ?? next.entry)
  const earlier = same(last.earlier, next.earlier) ? last.earlier : withKnown(next.earlier, known)
  const isSame =
    last.object === next.object &&
    entry === last.entry &&
    earlier === last.earlier &&
    same(last.refusal, next.refusal) &&
    same(last.missing, next.missing)
  return isSame ? last : { ...next, entry, earlier }
}

function withKnown(
  earlier: Earlier | undefined,
  known: readonly (MessageRouteEntry | undefined)[],
): Earlier | undefined {
  return earlier && { ...earlier, entry: known.find((each) => same(each, earlier.entry)) ?? earlier.entry }
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
