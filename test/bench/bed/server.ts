import type { Child } from '#test/kit/child.ts'
import { eventually } from '#test/kit/eventually.ts'

/** A server process that a benchmark started. */
export interface Server {
  readonly url: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** Waits until the child answers anything at all; throws with its last lines when it ends instead. */
export async function answering(child: Child, url: string): Promise<Server> {
  // Not killed outright: an nginx would leave its worker behind.
  const stop = () => child.kill('SIGTERM')
  try {
    const outcome = await eventually(
      async () => {
        const ended = child.ended()
        if (ended !== undefined) return new Error(ended)
        await fetch(url).then((response) => response.arrayBuffer())
        return undefined
      },
      { timeoutMs: 30_000, everyMs: 20 },
    )
    if (outcome instanceof Error) throw outcome
  } catch (error) {
    await stop()
    throw error
  }
  return { url, pid: child.pid, stop }
}
