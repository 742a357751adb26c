import type { Compile, Verdict } from '../stage.ts'
import { compileValue, type Value } from '../template.ts'
import { isTrue } from '../truth.ts'
import type { Work } from '../work.ts'

/** What a case's destinations are found by. No step has such a name. */
export function caseLabel(step: string, index: number): string {
  return `${step}.${index}`
}

/** Chooses destinations by what the message says: one that a case takes leaves here, as it stands. */
export const route: Compile<'route'> = ({ kind, name, match, cases }, workshop) => {
  const conditions = cases.map(({ when }) => compileValue(when, workshop))
  return {
    ...{ kind, name, atOnce: 1 },
    async run(work): Promise<Verdict> {
      const taking = await trueOf(conditions, match, work)
      if (taking.length === 0) return { outcome: 'next', work, did: 'let it pass: no case is true' }
      const labels = taking.map((index) => caseLabel(name, index))
      return { outcome: 'leave', work, labels, did: `sent it where cases say: ${taking.join(', ')}` }
    },
  }
}

/** Indexes, as they stand in the spec. */
async function trueOf(conditions: readonly Value[], match: 'First' | 'All', work: Work): Promise<readonly number[]> {
  const indexes: number[] = []
  for (const [index, condition] of conditions.entries()) {
    if (!isTrue(await condition(work))) continue
    indexes.push(index)
    if (match === 'First') break
  }
  return indexes
}
