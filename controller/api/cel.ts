import { Environment } from '@marcbachmann/cel-js'
import type { Rule, Schema } from './schema.ts'

export interface Violation {
  /** Dotted path of the field, such as `spec.expose.paths[0]`. */
  readonly field: string
  readonly message: string
}

/** The path of a field inside another; '' is the object itself. */
export function under(field: string, name: string): string {
  return field === '' ? name : `${field}.${name}`
}

type Check = (value: unknown, field: string) => readonly Violation[]

// The subset that runs here as it does in the API server: docs/reference/cel.md lists it.
const environment = new Environment({ unlistedVariablesAreDyn: false }).registerVariable('self', 'dyn')

/**
 * One check for all CEL rules of a schema, however deep. Throws for a rule outside the subset: a rule that could not
 * be checked here would let the folder accept what the API server refuses.
 */
export function celChecks(schema: Schema): Check {
  const own = (schema['x-kubernetes-validations'] ?? []).map(checkOf)
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, inner]) => [name, celChecks(inner), inner] as const,
  )
  const items = schema.items && celChecks(schema.items)
  return function check(value, field) {
    if (value === undefined || value === null) return []
    const self = celValue(schema, value)
    const found = own.flatMap((each) => each(self, field))
    for (const [name, inner] of properties)
      found.push(...inner((value as Record<string, unknown>)[name], under(field, name)))
    if (items && Array.isArray(value))
      for (const [i, each] of value.entries()) found.push(...items(each, `${field}[${i}]`))
    return found
  }
}

function checkOf({ rule, message, fieldPath = '' }: Rule): Check {
  const verdict = environment.check(rule)
  if (!verdict.valid || /\boldSelf\b/.test(rule)) {
    throw new Error(
      `CEL rule cannot be checked in a folder: ${rule}: ${verdict.error?.message ?? 'oldSelf is not known here'}`,
    )
  }
  const evaluate = environment.parse(rule)
  return (self, field) => (holds(evaluate, self) ? [] : [{ field: `${field}${fieldPath}`, message }])
}

// An evaluation that fails (an overflowing duration, say) fails the rule, as in the API server.
function holds(evaluate: (context: Record<string, unknown>) => unknown, self: unknown): boolean {
  try {
    return evaluate({ self }) === true
  } catch {
    return false
  }
}

// CEL's int is 64 bits wide; JSON's numbers become it where the schema says integer.
function celValue(schema: Schema, value: unknown): unknown {
  if (schema.type === 'integer' && typeof value === 'number') return BigInt(Math.trunc(value))
  if (Array.isArray(value))
    return schema.items === undefined ? value : value.map((each) => celValue(schema.items as Schema, each))
  if (value === null || typeof value !== 'object' || schema.properties === undefined) return value
  const properties = schema.properties
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const known = properties[name]
      return [name, known === undefined ? inner : celValue(known, inner)]
    }),
  )
}
