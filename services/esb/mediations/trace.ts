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
  const works = verdicts.flatMap(worksOf)
  const value = works.length === 0 ? undefined : shown(works)
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
  if (verdict.outcome === 'split') return verdict.works
  return verdict.outcome === 'next' || verdict.outcome === 'leave' ? [verdict.work] : []
}

function shown(works: readonly Work[]): unknown {
  const values = works.slice(0, MAX_VALUES).map(visible)
  return bounded(works.length === 1 ? values[0] : values)
}

/** Undefined for what is neither JSON nor text, or not what it says. */
function visible({ content }: Work): unknown {
  try {
    return content.value()
  } catch {
    return undefined
  }
}

function bounded(value: unknown): unknown {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length <= MAX_VALUE_CHARS ? value : `${text.slice(0, MAX_VALUE_CHARS)}…`
}
