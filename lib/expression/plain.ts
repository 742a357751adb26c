import type { Weight } from '#lib/weigh.ts'
import { ExpressionError } from './fault.ts'

/**
 * A result as a new JSON value. JSONata marks its arrays (`sequence`, `keepSingleton`, …) and reads the marks of its input:
 * a result that kept them would mean something else to the next expression. It also shares parts instead of copying them, so
 * that a few steps can describe gigabytes: there is a limit to what is written out.
 */
export function plain(result: unknown, most: Weight): unknown {
  const left = { values: most.maxValues, chars: most.maxChars }
  return copied(result, left)
}

interface Left {
  values: number
  chars: number
}

function copied(value: unknown, left: Left): unknown {
  spend(value, left)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'function' || typeof value === 'symbol') throw isFunction()
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  // As JSON has it: a gap in a list is null, an absent field is none.
  if (Array.isArray(value)) return value.map((item) => copied(item, left) ?? null)
  if (isMarkedFunction(value)) throw isFunction()
  if ('toJSON' in value && typeof value.toJSON === 'function') return copied(value.toJSON(), left)
  const object: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value)) {
    left.chars -= key.length
    const copy = copied(field, left)
    if (copy !== undefined) set(object, key, copy)
  }
  return object
}

// By assignment `__proto__` would be no field.
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}

function spend(value: unknown, left: Left): void {
  left.values--
  if (typeof value === 'string') left.chars -= value.length
  if (left.values < 0 || left.chars < 0) throw new ExpressionError('Limit', 'the result is too large')
}

function isMarkedFunction(value: object): boolean {
  const { _jsonata_function, _jsonata_lambda } = value as { _jsonata_function?: unknown; _jsonata_lambda?: unknown }
  return _jsonata_function === true || _jsonata_lambda === true
}

function isFunction(): ExpressionError {
  return new ExpressionError('Failed', 'the result is a function, or has one in it')
}
