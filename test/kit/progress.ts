/** One line for whoever waits: on standard error, so that it shows above a test reporter. */
export function tell(line: string): void {
  process.stderr.write(`[test bed] ${line}\n`)
}

/** Runs work that takes long, with a line at its begin, its end and every 15 s between. */
export async function telling<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now()
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000)
  tell(`${what} …`)
  const ticking = setInterval(() => tell(`${what}: still at it after ${seconds()} s`), 15_000)
  try {
    const value = await work()
    tell(`${what}: done in ${seconds()} s`)
    return value
  } finally {
    clearInterval(ticking)
  }
}
