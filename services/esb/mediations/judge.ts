import { failureOf, Halt } from './failure.ts'
import type { Ports } from './plan.ts'
import type { Stage, Verdict } from './stage.ts'
import type { Work } from './work.ts'

/** Of one message, over all its splits. */
export const MAX_PARTS = 10_000

type Failed = Extract<Verdict, { outcome: 'fail' }>

/** What a step decides on each part of a message, in their order; or the first failure alone, since it is that of the whole. */
export async function judge(stage: Stage, works: readonly Work[], ports: Ports): Promise<readonly Verdict[]> {
  const [only] = works
  if (works.length === 1 && only !== undefined) return [await judgeOne(stage, only, ports)]
  return stage.atOnce === 1 ? inTurn(stage, works, ports) : together(stage, works, ports)
}

async function inTurn(stage: Stage, works: readonly Work[], ports: Ports): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  let parts = 0
  for (const work of works) {
    const verdict = await judgeOne(stage, work, ports)
    if (verdict.outcome === 'fail') return [verdict]
    verdicts.push(verdict)
    parts += verdict.outcome === 'split' ? verdict.works.length : 1
    if (parts > MAX_PARTS) return [failed(tooMany())]
  }
  return verdicts
}

/**
 * A few at a time. Parts begin in their order, and what has begun is waited for: the failure that is told is that of the
 * first part that fails, however long each takes.
 */
async function together(stage: Stage, works: readonly Work[], ports: Ports): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = new Array(works.length)
  let next = 0
  let isOver = false
  async function lane(): Promise<void> {
    try {
      while (next < works.length && !isOver) {
        const index = next++
        const verdict = await judgeOne(stage, works[index] as Work, ports)
        verdicts[index] = verdict
        isOver ||= verdict.outcome === 'fail'
      }
    } catch (fault) {
      // The others begin no more for a plan that will not be.
      isOver = true
      throw fault
    }
  }
  await Promise.all(Array.from({ length: stage.atOnce }, lane))
  const failure = isOver ? verdicts.find((verdict) => verdict?.outcome === 'fail') : undefined
  return failure === undefined ? verdicts : [failure]
}

async function judgeOne(stage: Stage, work: Work, ports: Ports): Promise<Verdict> {
  try {
    return await stage.run(work, ports)
  } catch (error) {
    return failed(error)
  }
}

function failed(error: unknown): Failed {
  const failure = failureOf(error)
  if (failure === undefined) throw error
  return { outcome: 'fail', failure, did: `failed: ${failure.message}` }
}

export function tooMany(): Halt {
  return new Halt('TooLarge', `One message makes more than ${MAX_PARTS} parts`)
}
