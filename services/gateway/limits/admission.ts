import type { RateLimit } from '#lib/model/gateway.ts'
import type { Admission } from './contract.ts'
import type { Ask } from './decide.ts'
import type { Answer } from './fallback.ts'
import { retryAfter, stateOf, textOf } from './headers.ts'
import type { LimitMetrics } from './metrics.ts'

const NONE: readonly string[] = []

/** The answer to a request that no limit concerns. */
export const UNLIMITED: Admission = { admitted: true, headers: NONE, violated: NONE, audited: NONE }

export type CountDecision = Pick<LimitMetrics, 'count' | 'unasked'>

/** Puts together what the counters said; a limit without an answer was not asked, since an earlier one had refused. */
export function admissionOf(
  asks: readonly Ask[],
  answers: readonly (Answer | undefined)[],
  metrics: CountDecision,
): Admission {
  const refused = namesWhere(asks, answers, ({ mode }, { ok }) => !ok && mode === 'Enforce')
  const admitted = refused.length === 0
  countDecisions(asks, answers, admitted, metrics)
  const closed = admitted
    ? NONE
    : namesWhere(asks, answers, ({ mode }, a) => a.unasked === 'closed' && mode === 'Enforce')
  return {
    admitted,
    headers: headersOf(asks, answers, admitted),
    violated: refused,
    audited: namesWhere(asks, answers, ({ mode }, { ok }) => !ok && mode === 'Audit'),
    ...(closed.length > 0 && { unasked: closed }),
  }
}

function namesWhere(
  asks: readonly Ask[],
  answers: readonly (Answer | undefined)[],
  holds: (limit: RateLimit, answer: Answer) => boolean,
): readonly string[] {
  let names: string[] | undefined
  for (let i = 0; i < asks.length; i++) {
    const limit = (asks[i] as Ask).counters.limit()
    const answer = answers[i]
    if (answer === undefined || !holds(limit, answer)) continue
    names ??= []
    names.push(limit.name)
  }
  return names ?? NONE
}

// A limit that had a unit to give, in a request that another one refused, has decided nothing.
function countDecisions(
  asks: readonly Ask[],
  answers: readonly (Answer | undefined)[],
  admitted: boolean,
  { count, unasked }: CountDecision,
): void {
  for (let i = 0; i < asks.length; i++) {
    const { name, mode } = (asks[i] as Ask).counters.limit()
    const answer = answers[i]
    if (answer === undefined) continue
    if (answer.unasked !== undefined) unasked(name)
    if (answer.ok && !admitted) continue
    if (answer.unasked === 'open') count(name, 'error_open')
    else if (answer.unasked === 'closed') count(name, 'error_closed')
    else if (answer.ok) count(name, 'admitted')
    else count(name, mode === 'Audit' ? 'audit' : 'rejected')
  }
}

// Limits in Audit mode stay unseen: a client that minds `r=0` would hold back though nothing refuses it.
function headersOf(
  asks: readonly Ask[],
  answers: readonly (Answer | undefined)[],
  admitted: boolean,
): readonly string[] {
  let [policies, states, waitMs] = ['', '', 0]
  for (let i = 0; i < asks.length; i++) {
    const limit = (asks[i] as Ask).counters.limit()
    if (limit.mode === 'Audit') continue
    const text = textOf(limit)
    policies = joined(policies, text.policy)
    const answer = answers[i]
    if (answer === undefined) continue
    if (!answer.ok) waitMs = Math.max(waitMs, answer.waitMs)
    if (answer.unasked === undefined || answer.unasked === 'local') states = joined(states, stateOf(text, answer))
  }
  if (policies === '') return NONE
  const headers = ['RateLimit-Policy', policies]
  if (states !== '') headers.push('RateLimit', states)
  if (!admitted) headers.push('Retry-After', retryAfter(waitMs))
  return headers
}

function joined(list: string, member: string): string {
  return list === '' ? member : `${list}, ${member}`
}
