import { parentPort, workerData } from 'node:worker_threads'
import { READY } from '#lib/worker-pool.ts'
import { type Evaluate, type Guards, prepare } from './engine.ts'
import { ExpressionError } from './fault.ts'

/** What a thread is asked. JSON text crosses faster than objects, and gives plain values on either side. */
export interface Task {
  readonly source: string
  readonly offset: number
  /** `{ input, bindings }` as JSON. */
  readonly given: string
  /** Of `$random()`; none = its own. */
  readonly seed?: number | undefined
}

/** `{ value }` as JSON, or why there is none. */
export type Answer = string | { readonly kind: ExpressionError['kind']; readonly message: string }

const MAX_PREPARED = 500

if (parentPort) {
  const port = parentPort
  const guards = workerData as Guards
  const prepared = new Map<string, Evaluate>()
  let random = Math.random

  function preparedOf({ source, offset, seed }: Task): Evaluate {
    const key = `${offset} ${source}`
    let evaluate = prepared.get(key)
    if (evaluate === undefined) {
      evaluate = prepare(source, { offset, guards, random: seed === undefined ? undefined : () => random() }).evaluate
      if (prepared.size >= MAX_PREPARED) prepared.delete(prepared.keys().next().value as string)
      prepared.set(key, evaluate)
    }
    return evaluate
  }

  async function answerTo(task: Task): Promise<Answer> {
    try {
      const { input, bindings } = JSON.parse(task.given)
      if (task.seed !== undefined) random = sequenceFrom(task.seed)
      return JSON.stringify({ value: await preparedOf(task)(input, bindings) })
    } catch (fault) {
      if (fault instanceof ExpressionError) return { kind: fault.kind, message: fault.message }
      throw fault
    }
  }

  port.on('message', async (task: Task) => port.postMessage(await answerTo(task)))
  port.postMessage(READY)
}

/** Mulberry32: the same numbers for the same seed. */
function sequenceFrom(seed: number): () => number {
  let state = Math.floor(seed * 2 ** 32)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
