import type { Compile, Verdict } from '../stage.ts'
import { compileValue } from '../template.ts'
import { isTrue } from '../truth.ts'

const DROPPED: Verdict = { outcome: 'drop', reason: 'Filtered', did: 'dropped it: the condition is false' }

/** Lets pass what its condition is true for. */
export const filter: Compile<'filter'> = ({ kind, name, when }, workshop) => {
  const condition = compileValue(when, workshop)
  return {
    ...{ kind, name, atOnce: 1 },
    run: async (work) =>
      isTrue(await condition(work)) ? { outcome: 'next', work, did: 'let it pass: the condition is true' } : DROPPED,
  }
}
