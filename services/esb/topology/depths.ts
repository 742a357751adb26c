import { reasonOf } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import type { Declarer } from './declarer.ts'
import { DELAY_LEVELS, deadLetterQueue, delayQueue, UNROUTABLE } from './names.ts'

/** How many messages are ready in each queue of the bus; one that could not be asked is left out. */
export async function depthsOf(
  routes: Iterable<{ readonly key: string; readonly queue: string }>,
  depth: Declarer['depth'],
  log: Log,
): Promise<ReadonlyMap<string, number>> {
  const ofRoutes = [...routes].flatMap(({ key, queue }) => [queue, deadLetterQueue(key)])
  const delays = Array.from({ length: DELAY_LEVELS }, (_none, level) => delayQueue(level))
  const found = new Map<string, number>()
  for (const queue of [UNROUTABLE, ...delays, ...ofRoutes]) {
    try {
      found.set(queue, (await depth(queue))?.messages ?? 0)
    } catch (error) {
      log.debug({ queue, error: reasonOf(error) }, 'Depth is not known')
    }
  }
  return found
}
