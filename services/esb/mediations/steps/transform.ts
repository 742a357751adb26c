import { made } from '../content.ts'
import type { Compile } from '../stage.ts'
import { compileBody } from '../template.ts'

/** Another body in place of the message's. */
export const transform: Compile<'transform'> = ({ kind, name, value, contentType }, workshop) => {
  const body = compileBody(value, workshop)
  return {
    ...{ kind, name, atOnce: 1 },
    async run(work) {
      const content = made(work.content, await body(work), contentType)
      return { outcome: 'next', did: 'made another body', work: { ...work, content } }
    },
  }
}
