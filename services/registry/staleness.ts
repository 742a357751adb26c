import type { Clock } from '#lib/clock.ts'
import type { Part } from '#lib/run.ts'

/** For how long the controller has been out of reach. */
export interface Staleness extends Part {
  /** Whole seconds; undefined while the copy is fresh. */
  readonly seconds: () => number | undefined
}

const LOOK_MS = 250

export function createStaleness(isStale: () => boolean, clock: Clock): Staleness {
  let since: number | undefined
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    since = isStale() ? (since ?? clock.monotonic()) : undefined
  }

  return {
    name: 'staleness',
    start() {
      look()
      timer = setInterval(look, LOOK_MS)
    },
    stop() {
      clearInterval(timer)
    },
    seconds() {
      look()
      return since === undefined ? undefined : Math.floor((clock.monotonic() - since) / 1_000)
    },
  }
}
