import { reasonOf } from '#lib/error.ts'
import { pause } from '#lib/kube/pause.ts'
import type { Log } from '#lib/log.ts'
import type { Binding } from '../topology/declarations.ts'
import type { Declarer } from '../topology/declarer.ts'
import type { Consumer } from './consumer.ts'
import type { Route } from './route.ts'

interface Retiring {
  readonly declarer: Declarer
  readonly signal: AbortSignal
  readonly log: Log
}

/** Drains the queue that a route had while it was of the other shape, then deletes it. Ends at once where there is none. */
export async function retire(
  { queue, bindings }: { readonly queue: string; readonly bindings: readonly Binding[] },
  route: Pick<Route, 'drain' | 'running'>,
  { declarer, signal, log }: Retiring,
): Promise<void> {
  let consumer: Consumer | undefined
  while (!signal.aborted) {
    try {
      // Not before the queue of the present shape is bound.
      const found = route.running.unready() === undefined ? await declarer.depth(queue) : 'later'
      if (found === undefined) break
      if (found !== 'later') {
        await declarer.unbind(bindings)
        if (found.messages > 0) consumer ??= route.drain(queue)
        // What a group holds is in hand for as long as its window: given back it would begin another.
        else if (consumer === undefined || consumer.isIdle()) {
          await consumer?.leave()
          consumer = undefined
          if (await declarer.remove(queue)) {
            log.info({ queue }, 'Queue of a former shape is drained and gone')
            break
          }
        }
      }
    } catch (error) {
      log.debug({ queue, error: reasonOf(error) }, 'Queue of a former shape was not looked at')
    }
    await pause(LOOK_MS, signal)
  }
  await consumer?.leave().catch((error) => log.debug({ queue, error: reasonOf(error) }, 'Drain did not finish'))
}

const LOOK_MS = 2_000
