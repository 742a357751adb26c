import { shortened } from '../identity.ts'
import type { Compile, Verdict } from '../stage.ts'
import { compileText } from '../template.ts'

/** Drops a copy of what went through within the window; this one is remembered once it has arrived. */
export const dedupe: Compile<'dedupe'> = ({ kind, name, key, windowMs }, workshop) => {
  const makeKey = compileText(key, { what: 'The key', mayBeEmpty: false }, workshop)
  return {
    ...{ kind, name, atOnce: 1 },
    async run(work, ports): Promise<Verdict> {
      const remember = { key: shortened(await makeKey(work)), windowMs }
      if (ports.seen(remember)) return { outcome: 'drop', reason: 'Duplicate', did: 'dropped it: it was seen before' }
      return { outcome: 'next', work, remember, did: 'let it pass: it was not seen before' }
    },
  }
}
