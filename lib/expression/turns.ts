/** Does pieces of work one after the other, in the order they came. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

/**
 * One evaluation at a time. JSONata is written with promises but waits for nothing outside of itself, so side by side is no
 * faster; and what it keeps in common (the time of `$now()`, positions for its errors, the clock of its timeout) is right
 * only alone. Every `sliceMs` the event loop gets its turn, which a long row of microtasks would keep from it.
 */
export function createTurns(sliceMs: number): Turns {
  const waiting: (() => void)[] = []
  let isTaken = false
  let since = 0

  function next(): void {
    const work = waiting.shift()
    if (work === undefined) isTaken = false
    else if (performance.now() - since < sliceMs) work()
    else
      setImmediate(() => {
        since = performance.now()
        work()
      })
  }

  return async function take<T>(work: () => Promise<T>): Promise<T> {
    if (isTaken) await new Promise<void>((resolve) => waiting.push(resolve))
    else {
      isTaken = true
      since = performance.now()
    }
    try {
      return await work()
    } finally {
      next()
    }
  }
}
