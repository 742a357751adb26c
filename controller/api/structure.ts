import { Ajv, type ValidateFunction } from 'ajv'
import type { Violation } from './cel.ts'
import { openSchema } from './crd.ts'
import { KINDS } from './kinds.ts'
import type { ManagedObject } from './objects.ts'
import { violationOf } from './validate.ts'

// No defaults here: what is stored is looked at, never changed.
const ajv = new Ajv({ strict: false, logger: false })

const checks = new Map<string, ValidateFunction>(KINDS.map(({ kind, spec }) => [kind, ajv.compile(openSchema(spec))]))

/**
 * What is wrong with the shape of a stored spec. The API server checks what comes in, not what it took before a schema
 * grew stricter; fields it does not know yet are no fault, since a newer schema may.
 */
export function structuralFault({ kind, spec }: Pick<ManagedObject, 'kind' | 'spec'>): Violation | undefined {
  const check = checks.get(kind)
  if (check === undefined || check(spec ?? null)) return undefined
  const [first] = check.errors ?? []
  if (first === undefined) return undefined
  const { field, message } = violationOf(first)
  return { field: field === '' ? 'spec' : `spec.${field}`, message }
}
