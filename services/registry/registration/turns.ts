export interface Turns {
  /** Runs works with the same key one after the other, in order of arrival; other keys do not wait. */
  readonly run: <T>(key: string, work: () => Promise<T>) => Promise<T>
  /** Resolves once all that was begun until now has ended. */
  readonly ended: () => Promise<void>
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  return {
    async run(key, work) {
      const turn = (last.get(key) ?? Promise.resolve()).then(work, work)
      last.set(key, turn)
      try {
        return await turn
      } finally {
        if (last.get(key) === turn) last.delete(key)
      }
    },
    async ended() {
      await Promise.allSettled(last.values())
    },
  }
}
