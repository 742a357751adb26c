import type { Node } from './syntax.ts'

/**
 * The shortest way through an expression: most in a route are paths such as `order.customer.name`, and most messages have an
 * object at each of their steps. Those need nothing of JSONata, which takes ten times as long. Wherever a path meets a list,
 * JSONata goes through it as ever.
 */

/** The names of a path that leads from field to field and does nothing else; undefined for any other expression. */
export function fieldsOf({ type, steps = [], ...more }: Node): readonly string[] | undefined {
  // JSONata's own types leave this one out.
  if ((type as string) !== 'path' || Object.keys(more).length > 0) return undefined
  return steps.every(isField) ? steps.map(({ value }) => value as string) : undefined
}

// What else JSONata writes on a step asks for more than the field: a filter, an index, a list in any case.
function isField({ type, value: _value, position: _position, ...more }: Node): boolean {
  return type === 'name' && Object.keys(more).length === 0
}

/** There is a list on the way. */
export const LIST = Symbol('a list on the way')

/** What is at the end of a path through objects alone, undefined where it leads nowhere, or LIST. The input is JSON. */
export function follow(input: unknown, fields: readonly string[]): unknown {
  let value = input
  for (const field of fields) {
    if (Array.isArray(value)) return LIST
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[field]
  }
  // JSON can write numbers that nobody can read; a result has none of them.
  return typeof value === 'number' && !Number.isFinite(value) ? null : value
}
