/** Tries until `fn` neither throws nor gives false, and gives its value; past the deadline throws what it last threw. */
export async function eventually<T>(
  fn: () => T | Promise<T>,
  { timeoutMs = 5_000, everyMs = 10 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, false>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      const value = await fn()
      if (value !== false) return value as Exclude<T, false>
      if (performance.now() > deadline) throw new Error(`still false after ${timeoutMs} ms: ${fn}`)
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
