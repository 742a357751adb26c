import type { Feed } from './feed-client.ts'
import type { Part } from './run.ts'

const LOOK_MS = 20

/** Tells the controller when this replica serves: while none of these parts has a reason not to, its acknowledgements count. */
export function readiness(feed: Pick<Feed, 'tellReady'>, parts: readonly Pick<Part, 'unready'>[]): Part {
  let told = false
  let timer: NodeJS.Timeout | undefined

  function tell(ready: boolean): void {
    if (ready === told) return
    told = ready
    feed.tellReady(ready)
  }

  return {
    name: 'readiness',
    start() {
      timer = setInterval(() => tell(parts.every(({ unready }) => unready?.() === undefined)), LOOK_MS)
    },
    drain() {
      clearInterval(timer)
      tell(false)
    },
    stop() {
      clearInterval(timer)
    },
  }
}
