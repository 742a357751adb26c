import { parentPort } from 'node:worker_threads'
import { READY } from '#lib/worker-pool.ts'
import { type Check, compile } from './compile.ts'

/** What a thread is asked. */
export interface Task {
  /** Of the schema: one that is known here is not compiled again. */
  readonly id: number
  readonly schema: string
  /** As JSON. */
  readonly value: string
}

export type Answer = { readonly violations?: string | undefined } | { readonly limit: string }

const MAX_COMPILED = 200

if (parentPort) {
  const port = parentPort
  const checks = new Map<number, Check>()

  function checkOf({ id, schema }: Task): Check {
    const known = checks.get(id)
    if (known) return known
    const compiled = compile(JSON.parse(schema))
    // It was compiled before it came here.
    if ('fault' in compiled) throw new Error(compiled.fault)
    if (checks.size >= MAX_COMPILED) checks.delete(checks.keys().next().value as number)
    checks.set(id, compiled.check)
    return compiled.check
  }

  function answerTo(task: Task): Answer {
    try {
      return { violations: checkOf(task)(JSON.parse(task.value)) }
    } catch (thrown) {
      // The stack is spent: a schema that refers to itself follows a value to its depth.
      if (thrown instanceof RangeError) return { limit: 'the value is nested too deep' }
      throw thrown
    }
  }

  port.on('message', (task: Task) => port.postMessage(answerTo(task)))
  port.postMessage(READY)
}
