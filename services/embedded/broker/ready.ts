import { reachAmqp } from '#lib/amqp.ts'
import { reasonOf, SoaError } from '#lib/error.ts'
import { pause } from '#lib/kube/pause.ts'

export interface Waiting {
  /** Why it is no longer running. */
  readonly ended: () => string | undefined
  readonly timeoutMs: number
  /** Given when nobody waits for it any more. */
  readonly signal: AbortSignal
}

/** Resolves when the broker takes a real AMQP connection; rejects when it ends first, at the deadline, or when given up. */
export async function reachable(url: string, { ended, timeoutMs, signal }: Waiting): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const end = signal.aborted ? 'RabbitMQ: its start was given up' : ended()
    if (end !== undefined) throw new SoaError('SOA_BROKER_FAILED', end)
    try {
      return await reachAmqp(url)
    } catch (error) {
      if (performance.now() > deadline) {
        throw new SoaError(
          'SOA_BROKER_FAILED',
          `RabbitMQ is not ready after ${timeoutMs / 1_000} s: ${reasonOf(error)}`,
        )
      }
    }
    await pause(200, signal)
  }
}
