import { ExpressionError } from '#lib/expression.ts'
import { made } from '../content.ts'
import type { Compile } from '../stage.ts'
import { compileValue } from '../template.ts'

/** Another body in place of the message's. */
export const transform: Compile<'transform'> = ({ kind, name, value, contentType }, workshop) => {
  const body = compileValue(value, workshop)
  return {
    ...{ kind, name, atOnce: 1 },
    async run(work) {
      const next = await body(work)
      // A path that leads nowhere gives nothing: more often a slip of the author than an empty message that was meant.
      if (next === undefined) throw new ExpressionError('Failed', 'The expression gave no value')
      return { outcome: 'next', did: 'made another body', work: { ...work, content: made(next, contentType) } }
    },
  }
}
