/** A value that is replaced whole: readers keep what they hold, watchers learn of each swap. */
export interface Table<T> {
  readonly current: () => T
  readonly replace: (next: T) => void
  /** Calls back after each swap until the returned function is called. */
  readonly onSwap: (listener: (next: T) => void) => () => void
}

export function createTable<T>(first: T): Table<T> {
  let value = first
  const listeners = new Set<(next: T) => void>()
  return {
    current: () => value,
    replace(next) {
      value = next
      for (const listener of [...listeners]) listener(next)
    },
    onSwap(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
