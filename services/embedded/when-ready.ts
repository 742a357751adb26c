import type { Part } from '#lib/run.ts'
import { reasonsLeft } from './readiness.ts'
import type { Say } from './telling.ts'

export interface WhenReady {
  /** Why the run is not ready yet. */
  readonly reasons: () => readonly string[]
  readonly banner: (notReady: readonly string[]) => string
  readonly say: Say
}

const READY_MS = 30_000

/** The last part of a run: says what there is to try once all is ready, and by the deadline what is not. */
export function whenReady({ reasons, banner, say }: WhenReady): Part {
  const givenUp = new AbortController()
  return {
    name: 'readiness',
    async start() {
      const left = await reasonsLeft(reasons, { timeoutMs: READY_MS, signal: givenUp.signal })
      if (!givenUp.signal.aborted) say(banner(left))
    },
    abandon: () => givenUp.abort(),
    stop() {},
  }
}
