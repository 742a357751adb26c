import { compileOutlets } from '../outlet.ts'
import type { Delivery } from '../plan.ts'
import type { Compile } from '../stage.ts'

/** A copy for a watcher, as the message stands here. */
export const wireTap: Compile<'wireTap'> = ({ kind, name, to }, workshop) => {
  const outlets = compileOutlets([to], `${name}.tap`, workshop)
  return {
    ...{ kind, name, atOnce: 1 },
    async run(work) {
      const taps = await Promise.all(outlets.map((outlet) => outlet(work)))
      return { outcome: 'next', work, taps: taps.map(copyOf), did: 'made a copy' }
    },
  }

  // A watcher is not who was asked: it has nobody to reply to.
  function copyOf({ replyTo: _replyTo, ...delivery }: Delivery): Delivery {
    return { ...delivery, tap: name }
  }
}
