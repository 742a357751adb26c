import { ownership } from './owner.ts'

/** The replicas that share the counters, as this one sees them. */
export interface View {
  readonly ids: readonly string[]
  /** Equal for equal members: how two replicas know that they mean the same. */
  readonly name: string
  readonly ownerOf: (place: number) => string | undefined
}

export function viewOf(members: Iterable<string>): View {
  const ids = [...new Set(members)].sort()
  return { ids, name: JSON.stringify(ids), ownerOf: ownership(ids) }
}

export interface Sighting {
  /** Ready replicas, as the controller tells; this one too once it has ever been among them. */
  readonly listed: readonly string[]
  /** Other replicas to which there is a connection. */
  readonly connected: readonly string[]
  /** Those that said that they have handed over everything. */
  readonly left: ReadonlySet<string>
}

/**
 * Who is a member: the listed, and those that are connected though no longer listed, until they say that they leave.
 * A controller that has just restarted lists the replicas that have found it again, one by one: were the others
 * dropped meanwhile, each replica would think itself alone and admit the whole limit.
 */
export function membersOf({ listed, connected, left }: Sighting): readonly string[] {
  return [...listed, ...connected].filter((id) => !left.has(id))
}
