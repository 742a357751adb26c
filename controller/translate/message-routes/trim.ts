/** Who leads to whom. */
export type Edges<T> = ReadonlyMap<T, ReadonlySet<T>>

/** The nodes without those from which every way ends: each is on a way round, or leads to one. */
export function trimmed<T>(nodes: ReadonlySet<T>, edges: Edges<T>): ReadonlySet<T> {
  const left = new Set(nodes)
  const back = turned(edges)
  const open = new Map(
    [...nodes].map((node) => [node, [...(edges.get(node) ?? [])].filter((to) => left.has(to)).length]),
  )
  const ended = [...nodes].filter((node) => open.get(node) === 0)
  for (const node of ended) {
    left.delete(node)
    for (const from of back.get(node) ?? []) {
      const rest = (open.get(from) ?? 0) - 1
      open.set(from, rest)
      if (rest === 0 && left.has(from)) ended.push(from)
    }
  }
  return left
}

/** The same edges, the other way. */
export function turned<T>(edges: Edges<T>): Edges<T> {
  const back = new Map<T, Set<T>>()
  for (const [from, targets] of edges) for (const to of targets) back.set(to, (back.get(to) ?? new Set()).add(from))
  return back
}
