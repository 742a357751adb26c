import { part } from '../content.ts'
import { childId } from '../identity.ts'
import { MAX_PARTS, tooMany } from '../judge.ts'
import type { Compile, Verdict } from '../stage.ts'
import { compileValue } from '../template.ts'

const EMPTY: Verdict = { outcome: 'drop', reason: 'Filtered', did: 'dropped it: there are no items' }

/** Goes on with each item as a message of its own. */
export const split: Compile<'split'> = ({ kind, name, items }, workshop) => {
  const list = compileValue(items, workshop)
  return {
    ...{ kind, name, atOnce: 1 },
    async run(work): Promise<Verdict> {
      const found = await list(work)
      if (found === undefined || found === null) return EMPTY
      // JSONata gives the only item of a list as itself.
      const values: readonly unknown[] = Array.isArray(found) ? found : [found]
      if (values.length === 0) return EMPTY
      if (values.length > MAX_PARTS) throw tooMany()
      const works = values.map((value, index) => {
        const id = childId(work.id, workshop.route, name, index)
        return { ...work, id, content: part(work.content, value, index) }
      })
      return { outcome: 'split', works, did: `split it into ${values.length}` }
    },
  }
}
