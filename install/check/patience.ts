/** Tries until `attempt` resolves; past the deadline throws what it threw last. For states that others bring about. */
export async function patiently<T>(ms: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + ms
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
  }
}

const BETWEEN_MS = 200
