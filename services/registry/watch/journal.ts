/** Keys of services, and the registry names they had or have. */
export interface Touched {
  readonly keys: ReadonlySet<string>
  readonly names: ReadonlySet<string>
}

/** What changed when, as far back as a bound allows. */
export interface Journal {
  readonly record: (n: number, keys: readonly string[], names: Iterable<string>) => void
  /** What changed after `n`; undefined when the journal does not reach back so far. */
  readonly since: (n: number) => Touched | undefined
}

interface Page {
  readonly n: number
  readonly keys: readonly string[]
  readonly names: readonly string[]
}

/** Holds at most `maxKeys` keys, the newest. */
export function createJournal(maxKeys: number): Journal {
  let pages: Page[] = []
  let size = 0
  let reachesBackTo = 0

  return {
    record(n, keys, names) {
      pages.push({ n, keys, names: [...names] })
      size += keys.length
      if (size <= maxKeys) return
      // Down to half, so that the cost of forgetting is spread over many records.
      let forgotten = 0
      while (size > maxKeys / 2 && forgotten < pages.length) size -= pages[forgotten++]?.keys.length ?? 0
      reachesBackTo = pages[forgotten - 1]?.n ?? reachesBackTo
      pages = pages.slice(forgotten)
    },
    since(n) {
      if (n < reachesBackTo) return undefined
      const keys = new Set<string>()
      const names = new Set<string>()
      for (let i = pages.length - 1; i >= 0; i--) {
        const page = pages[i]
        if (page === undefined || page.n <= n) break
        for (const key of page.keys) keys.add(key)
        for (const name of page.names) names.add(name)
      }
      return { keys, names }
    },
  }
}
