import { encode } from './body.ts'
import { failureOf } from './failure.ts'
import type { StepTrace } from './plan.ts'
import type { Verdict } from './stage.ts'
import type { Work } from './work.ts'

const MAX_VALUE_BYTES = 4_096
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
  return works.length === 1 ? values[0] : values.map((value) => value ?? null)
}

/** The value, or the beginning of it as text; undefined for what is neither JSON nor text, or not what it says. */
function visible({ content }: Work): unknown {
  try {
    const value = content.value()
    if (value === undefined) return undefined
    const { body } = encode(value)
    return body.length <= MAX_VALUE_BYTES ? value : `${body.toString('utf8', 0, MAX_VALUE_BYTES)}…`
  } catch (error) {
    if (failureOf(error) === undefined) throw error
    return undefined
  }
}
