import { compileOutlets } from '../outlet.ts'
import type { Compile } from '../stage.ts'

/** A copy for a watcher, as the message stands here. */
export const wireTap: Compile<'wireTap'> = ({ kind, name, to }, workshop) => {
  const outlets = compileOutlets([to], `${name}.tap`, workshop)
  return {
    ...{ kind, name, atOnce: 1 },
    async run(work) {
      const taps = await Promise.all(outlets.map((outlet) => outlet(work)))
      return { outcome: 'next', work, taps: taps.map((delivery) => ({ ...delivery, tap: name })), did: 'made a copy' }
    },
  }
}
