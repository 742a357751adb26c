import { compile, faultOf } from './json-schema/compile.ts'
import { whyLong } from './json-schema/effort.ts'
import { SchemaError } from './json-schema/fault.ts'
import type { Answer, Task } from './json-schema/worker.ts'
import { createWorkerPool, WorkerFault, type WorkerPool } from './worker-pool.ts'

export { SchemaError } from './json-schema/fault.ts'

/** Why a schema (JSON Schema 2020-12) cannot be used; undefined when it can. */
export function schemaFault(schema: unknown): string | undefined {
  return faultOf(schema)
}

export interface SchemaOptions {
  /** One validation in a worker. */
  readonly timeoutMs?: number
  /** Threads at most, started when first needed. */
  readonly workers?: number
  /** Validations that wait for a thread at most; more are Busy. */
  readonly maxWaiting?: number
}

export interface Schemas {
  /** Throws for what `schemaFault` has a reason against. */
  readonly compile: (schema: unknown) => Validator
  /** Ends the workers; what waits for one is Busy. */
  readonly stop: () => Promise<void>
}

/** `validate` is at once for schemas that cannot take long, a promise for others, which rejects with SchemaError. */
export interface Validator {
  readonly validate: (value: unknown) => string | undefined | Promise<string | undefined>
}

const MIB = 1024 * 1024
const MAX_VALUE_CHARS = 16 * MIB

/** Schemas of users: what a pattern, or a reference to itself, could make last for ever is done where it can be ended. */
export function createSchemas(options: SchemaOptions = {}): Schemas {
  const { timeoutMs = 1_000, workers = 1, maxWaiting = 1_000 } = options
  const pool = createWorkerPool<Task, Answer>({
    ...{ module: new URL('./json-schema/worker.ts', import.meta.url), workerData: undefined, threads: workers },
    ...{ timeoutMs, maxWaiting, memoryMb: 128 },
  })
  let last = 0
  return {
    compile(schema) {
      const compiled = compile(schema)
      if ('fault' in compiled) throw new Error(compiled.fault)
      if (whyLong(schema) === undefined) return { validate: compiled.check }
      const task = { id: ++last, schema: JSON.stringify(schema) }
      return { validate: (value) => validated(pool, task, value) }
    },
    stop: () => pool.stop(),
  }
}

async function validated(
  pool: WorkerPool<Task, Answer>,
  task: Omit<Task, 'value'>,
  value: unknown,
): Promise<string | undefined> {
  const text = jsonOf(value)
  if (text.length > MAX_VALUE_CHARS) throw new SchemaError('Limit', 'the value is too large for a schema of this kind')
  const answer = await pool.run({ ...task, value: text }).catch((fault) => {
    throw asSchemaError(fault)
  })
  if ('limit' in answer) throw new SchemaError('Limit', answer.limit)
  return answer.violations
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (thrown) {
    if (thrown instanceof RangeError) throw new SchemaError('Limit', 'the value is nested too deep')
    throw thrown
  }
}

function asSchemaError(fault: unknown): unknown {
  if (!(fault instanceof WorkerFault)) return fault
  const isLimit = fault.reason === 'TimedOut' || fault.reason === 'OutOfMemory'
  return new SchemaError(isLimit ? 'Limit' : 'Busy', `the validation gave ${fault.message}`)
}
