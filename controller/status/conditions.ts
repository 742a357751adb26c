import type { Condition } from '../api/conditions.ts'
import type { Progress } from '../publish/progress.ts'
import type { Finding } from '../translate/outcome.ts'

/** What is known of the data plane: how far the items are, and whether it has had time to come this far. */
export interface Reach extends Progress {
  /** True while replicas may still be on their way: a verdict of "not yet" waits, the last one stands. */
  readonly settling: boolean
  /** True while replicas that were there may be coming back: their count stands. */
  readonly shrinking: boolean
}

export interface Dating {
  readonly generation: number
  /** ISO 8601, for conditions whose status changes. */
  readonly now: string
}

type Fresh = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>

/**
 * Accepted, warnings, Programmed and Ready, in this order. Pure, and still: the same world gives the same conditions,
 * and `lastTransitionTime` stays while the status does (Kubernetes API conventions).
 */
export function nextConditions(
  findings: readonly Finding[],
  hasItems: boolean,
  reach: Reach,
  last: readonly Condition[],
  { generation, now }: Dating,
): readonly Condition[] {
  const programmed = programmedOf(hasItems, reach, last)
  const fresh: readonly Fresh[] = [...findings, programmed, readyOf(findings, programmed)]
  return fresh.map(({ type, status, reason, message }) => {
    const before = last.find((each) => each.type === type)
    // While a new generation is on its way, what was said of the old one is not claimed of the new.
    const observedGeneration =
      (type === 'Programmed' || type === 'Ready') && reach.settling
        ? (before?.observedGeneration ?? generation)
        : generation
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now
    return { type, status, reason, message, observedGeneration, lastTransitionTime }
  })
}

function programmedOf(hasItems: boolean, reach: Reach, last: readonly Condition[]): Fresh {
  const programmed = (status: Fresh['status'], reason: string, message: string): Fresh => ({
    type: 'Programmed',
    status,
    reason,
    message,
  })
  if (!hasItems) return programmed('False', 'NotServed', 'Nothing of it is served')
  if (!reach.settling && reach.without.length === 0 && reach.acked === reach.total) {
    return programmed('True', 'Programmed', 'Every ready replica of the data plane serves it')
  }
  const before = last.find((each) => each.type === 'Programmed')
  if (reach.settling) return before ? { ...before } : programmed('Unknown', 'Pending', 'Waiting for the data plane')
  if (reach.refusal !== undefined) return programmed('False', 'Refused', `A replica refused it: ${reach.refusal}`)
  if (reach.without.length > 0)
    return programmed('False', 'NoReplicas', `No ready replica of ${reach.without.join(', ')}`)
  return programmed('False', 'PartiallyProgrammed', `${reach.acked} of ${reach.total} ready replicas serve it`)
}

function readyOf(findings: readonly Finding[], programmed: Fresh): Fresh {
  const refused = findings.find((each) => each.type === 'Accepted' && each.status === 'False')
  const cause = refused ?? programmed
  if (cause.status === 'True')
    return { type: 'Ready', status: 'True', reason: 'Ready', message: 'Accepted and programmed' }
  return { type: 'Ready', status: cause.status, reason: cause.reason, message: cause.message }
}

/** The conditions whose turn since `last` is worth an Event: Ready on good news, causes on bad. */
export function transitions(last: readonly Condition[], next: readonly Condition[]): readonly Condition[] {
  return next.filter((each) => {
    const before = last.find(({ type }) => type === each.type)
    if (each.type === 'Ready') return each.status === 'True' && before?.status !== 'True'
    if (!isBad(each)) return false
    // Of a new object that it is on its way is no news.
    if (before === undefined) return each.type !== 'Programmed'
    return before.status !== each.status || before.reason !== each.reason
  })
}

/** What is well while it is True; of all other types True is a warning. */
export function isWish(type: string): boolean {
  return ['Accepted', 'ResolvedRefs', 'Programmed', 'Ready'].includes(type)
}

function isBad({ type, status }: Condition): boolean {
  return isWish(type) ? status !== 'True' : status === 'True'
}
