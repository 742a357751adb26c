/** Who moved messages by hand, and what became of them. Two of an operation: before the first message moves, and after. */
export interface AuditRecord {
  /** Of the operation: its two records have the same. */
  readonly operation: string
  readonly phase: 'Begun' | 'Ended'
  /** ISO 8601. */
  readonly at: string
  readonly action: 'Replay' | 'Discard'
  readonly queue: string
  /** `namespace/object`; none for the unroutable. */
  readonly route?: string
  readonly who: string
  readonly order: Readonly<Record<string, unknown>>
  /** How it ended. */
  readonly tally?: Readonly<Record<string, unknown>>
}

const MAX_IDS = 100

/** An order as it is written down: of many ids the first ones. */
export function orderForAudit<T extends { readonly ids?: readonly string[] }>(
  order: T,
): Readonly<Record<string, unknown>> {
  const { ids, ...rest } = order
  if (ids === undefined) return rest
  return { ...rest, ids: ids.slice(0, MAX_IDS), ...(ids.length > MAX_IDS && { idsInAll: ids.length }) }
}
