import { createWorkerPool, WorkerFault } from '#lib/worker-pool.ts'
import type { Bindings, Guards } from './engine.ts'
import { ExpressionError } from './fault.ts'
import type { Answer, Task } from './worker.ts'

/** Evaluations in threads that can be ended. */
export interface Away {
  readonly evaluate: (
    expression: Pick<Task, 'source' | 'offset'>,
    input: unknown,
    bindings: Bindings,
  ) => Promise<unknown>
  readonly stop: () => Promise<void>
}

export interface AwayOptions {
  readonly guards: Guards
  readonly workers: number
  readonly maxWaiting: number
  readonly maxInputChars: number
  readonly memoryMb: number
  readonly random?: (() => number) | undefined
}

// JSONata ends by itself where it can, which costs no thread; what is still at it then is ended.
const GRACE_MS = 50

export function createAway({ guards, workers, maxWaiting, maxInputChars, memoryMb, random }: AwayOptions): Away {
  const pool = createWorkerPool<Task, Answer>({
    ...{ module: new URL('./worker.ts', import.meta.url), workerData: guards, threads: workers },
    ...{ timeoutMs: guards.timeoutMs + GRACE_MS, maxWaiting, memoryMb },
  })
  return {
    async evaluate({ source, offset }, input, bindings) {
      const given = jsonOf({ input, bindings })
      if (given.length > maxInputChars)
        throw new ExpressionError(
          'Limit',
          `the message is too large for an expression of this kind: ${given.length} characters`,
        )
      const answer = await pool.run({ source, offset, given, seed: random?.() }).catch((fault) => {
        throw asExpressionError(fault, guards.timeoutMs)
      })
      if (typeof answer === 'object') throw new ExpressionError(answer.kind, answer.message)
      return JSON.parse(answer).value
    },
    stop: () => pool.stop(),
  }
}

function jsonOf(given: object): string {
  try {
    return JSON.stringify(given)
  } catch (thrown) {
    if (thrown instanceof RangeError) throw new ExpressionError('Limit', 'the message is nested too deep')
    return jsonWithIntegers(given)
  }
}

// AMQP has integers of 64 bits; where they matter little they are not to fail a message.
function jsonWithIntegers(given: object): string {
  return JSON.stringify(given, (_key, value) => (typeof value === 'bigint' ? Number(value) : value))
}

function asExpressionError(fault: unknown, timeoutMs: number): unknown {
  if (!(fault instanceof WorkerFault)) return fault
  if (fault.reason === 'TimedOut') return new ExpressionError('Limit', `no result within ${timeoutMs} ms`)
  return new ExpressionError(fault.reason === 'OutOfMemory' ? 'Limit' : 'Busy', fault.message)
}
