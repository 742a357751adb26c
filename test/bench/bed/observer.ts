import { eventually } from '#test/kit/eventually.ts'
import { type Answer, clientOf } from './client.ts'

/** Keeps asking one gateway and hears from its answers which limit it enforces. */
export interface Observer {
  /** When the first answer under this limit had come; rejects when none does in time. */
  readonly shows: (limit: number, withinMs: number) => Promise<number>
  readonly stop: () => Promise<{ readonly requests: number; readonly failures: readonly string[] }>
}

const BETWEEN_MS = 1
/** Enough to see what is wrong, without a list as long as the run. */
const FAILURES_KEPT = 1_000

export function observe(url: string, path: string): Observer {
  const client = clientOf(url, 1)
  const firstAt = new Map<number, number>()
  const failures: string[] = []
  let requests = 0
  let stopped = false

  function hear(answer: Answer): void {
    if (answer.status !== 200) fail(`${answer.status} ${answer.text}`)
    const limit = Number(/;q=(\d+)/.exec(answer.header('ratelimit-policy') ?? '')?.[1])
    if (!firstAt.has(limit)) firstAt.set(limit, answer.answeredAt)
  }

  function fail(why: string): void {
    if (failures.length < FAILURES_KEPT) failures.push(why)
  }

  async function ask(): Promise<void> {
    while (!stopped) {
      requests += 1
      try {
        hear(await client.get(path))
      } catch (error) {
        fail(String(error))
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
    }
  }

  const asking = ask()
  return {
    shows: (limit, withinMs) => eventually(() => firstAt.get(limit) ?? false, { timeoutMs: withinMs, everyMs: 5 }),
    async stop() {
      stopped = true
      await asking
      await client.close()
      return { requests, failures }
    },
  }
}
