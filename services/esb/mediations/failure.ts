import { ExpressionError } from '#lib/expression.ts'
import { SchemaError } from '#lib/json-schema.ts'
import type { Failure, FailureReason } from './message.ts'

/** Ends a message's way wherever it stands: no other try would do. Becomes the plan's failure in one place, `walk.ts`. */
export class Halt extends Error {
  readonly reason: FailureReason

  constructor(reason: FailureReason, message: string) {
    super(message)
    this.name = 'Halt'
    this.reason = reason
  }
}

/** The failure of a message that an error tells; undefined for an error that is the bus's own. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Halt) return { class: 'Permanent', reason: error.reason, message: error.message }
  if (!(error instanceof ExpressionError || error instanceof SchemaError)) return undefined
  return {
    // Busy: too much waited for a worker; the same may do later.
    class: error.kind === 'Busy' ? 'Transient' : 'Permanent',
    reason: error.kind === 'Failed' ? 'ExpressionFailed' : 'ExpressionLimit',
    message: error.message,
  }
}
