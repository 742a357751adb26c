import type { Feed } from '#lib/feed-client.ts'
import type { Part } from '#lib/run.ts'

const LOOK_MS = 20

/** Tells the controller when this replica serves: from then on its acknowledgements count, and peers call it. */
export function readiness(feed: Pick<Feed, 'unready' | 'tellReady'>): Part {
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
      timer = setInterval(() => tell(feed.unready?.() === undefined), LOOK_MS)
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
