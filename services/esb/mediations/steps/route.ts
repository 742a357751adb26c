import type { Compile, Verdict } from '../stage.ts'
import { compileValue, type Value } from '../template.ts'
import { isTrue } from '../truth.ts'
import type { Work } from '../work.ts'

/** What a case's destinations are found by; a step's own name has no such end. */
export function caseLabel(step: string, index: number): string {
  return `${step}.${index}`
}

/** Chooses destinations by what the message says. */
export const route: Compile<'route'> = ({ kind, name, match, cases }, workshop) => {
  const conditions = cases.map(({ when }) => compileValue(when, workshop))
  return {
    ...{ kind, name, atOnce: 1 },
    async run(work): Promise<Verdict> {
      const indexes = await trueOf(conditions, match, work)
      if (indexes.length === 0) return { outcome: 'next', work, did: 'no case is true: it goes where it went before' }
      const taken = [...work.taken, ...indexes.map((index) => caseLabel(name, index))]
      const which = indexes.map((index) => index + 1).join(', ')
      const did = indexes.length === 1 ? `case ${which} is true` : `cases ${which} are true`
      return { outcome: 'next', did, work: { ...work, taken } }
    },
  }
}

async function trueOf(conditions: readonly Value[], match: 'First' | 'All', work: Work): Promise<readonly number[]> {
  const indexes: number[] = []
  for (const [index, condition] of conditions.entries()) {
    if (!isTrue(await condition(work))) continue
    indexes.push(index)
    if (match === 'First') break
  }
  return indexes
}
