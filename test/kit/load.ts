/** Requests without a pause, a few at a time, until stopped. */
export interface Load {
  /** How often each status, or code of a failure, has come so far. */
  readonly seen: () => Readonly<Record<string, number>>
  readonly total: () => number
  /** Finishes what is on its way, then gives what was seen. */
  readonly stop: () => Promise<Readonly<Record<string, number>>>
}

/** Asks these URLs in turn, `lanes` requests at a time. */
export function startLoad(urls: readonly string[], { lanes = 4 }: { lanes?: number } = {}): Load {
  const seen: Record<string, number> = {}
  let sent = 0
  let stopped = false

  async function lane(): Promise<void> {
    while (!stopped) {
      const outcome = await statusOf(urls[sent++ % urls.length] as string)
      seen[outcome] = (seen[outcome] ?? 0) + 1
    }
  }

  const running = Promise.all(Array.from({ length: lanes }, lane))
  return {
    seen: () => ({ ...seen }),
    total: () => Object.values(seen).reduce((sum, each) => sum + each, 0),
    async stop() {
      stopped = true
      await running
      return seen
    },
  }
}

async function statusOf(url: string): Promise<string> {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return String(response.status)
  } catch (error) {
    return String(((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? error)
  }
}
