import type { StepTrace } from './plan.ts'
import type { Verdict } from './stage.ts'
import type { Work } from './work.ts'

const MAX_VALUE_CHARS = 8_192
const MAX_VALUES = 20
const MAX_SENTENCES = 5

/** What a step did, in one sentence for all parts of the message, and the bodies after it where they are asked for. */
export function told(verdicts: readonly Verdict[], withValues: boolean): Pick<StepTrace, 'did' | 'value'> {
  const did = verdicts.length === 1 ? (verdicts[0] as Verdict).did : counted(verdicts)
  if (!withValues) return { did }
  const value = shown(verdicts.flatMap(worksOf))
  return value === undefined ? { did } : { did, value }
}

function counted(verdicts: readonly Verdict[]): string {
  const counts = new Map<string, number>()
  for (const { did } of verdicts) counts.set(did, (counts.get(did) ?? 0) + 1)
  const parts = [...counts].slice(0, MAX_SENTENCES).map(([did, count]) => `${count} × ${did}`)
  if (counts.size > MAX_SENTENCES) parts.push('and more')
  return parts.join('; ')
}

function worksOf(verdict: Verdict): readonly Work[] {
  if (verdict.outcome === 'next') return [verdict.work]
  return verdict.outcome === 'split' ? verdict.works : []
}

function shown(works: readonly Work[]): unknown {
  if (works.length === 1) return bounded((works[0] as Work).content.readable())
  const first = works.slice(0, MAX_VALUES).map(({ content }) => content.readable() ?? null)
  return works.length === 0 ? undefined : bounded(first)
}

function bounded(value: unknown): unknown {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length <= MAX_VALUE_CHARS ? value : `${text.slice(0, MAX_VALUE_CHARS)}…`
}
