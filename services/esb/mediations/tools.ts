import type { Expressions } from '#lib/expression.ts'
import type { Schemas } from '#lib/json-schema.ts'

/** What compiles the texts of all routes of a process. */
export interface Tools {
  readonly expressions: Pick<Expressions, 'compile'>
  readonly schemas: Pick<Schemas, 'compile'>
}
