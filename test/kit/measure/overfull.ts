/** A request that was let through, as its client saw it: the decision fell somewhere between the two moments. */
export interface Passage {
  readonly sentAt: number
  readonly answeredAt: number
}

/** Windows that held more than the limit, whenever within their passages the decisions fell; each begins with another passage. */
export function overfull(
  passages: readonly Passage[],
  { limit, periodMs }: { limit: number; periodMs: number },
): number {
  // Decided latest at `answeredAt`: those answered within a period of a passage's sending fell into one window with it.
  return passages.filter(({ sentAt }) => {
    const within = passages.filter((each) => each.sentAt >= sentAt && each.answeredAt < sentAt + periodMs)
    return within.length > limit
  }).length
}
