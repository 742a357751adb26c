/** What may be walked at one go. */
export interface Weight {
  readonly maxValues: number
  readonly maxChars: number
}

/** Deeper than messages are; indentation would make the square of it. */
const MAX_DEPTH = 500

/**
 * Whether a value, walked whole, is within that weight. Parts that are shared count as often as they are met, as they would
 * for anything that walks; the walk itself ends with the allowance.
 */
export function isWithin(value: unknown, { maxValues, maxChars }: Weight): boolean {
  return walked(value, { values: maxValues, chars: maxChars }, 0)
}

function walked(value: unknown, left: { values: number; chars: number }, depth: number): boolean {
  if (--left.values < 0 || depth > MAX_DEPTH) return false
  if (typeof value === 'string') {
    left.chars -= value.length
    return left.chars >= 0
  }
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) {
    for (const item of value) if (!walked(item, left, depth + 1)) return false
    return true
  }
  // A function of JSONata: nothing walks its inside.
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) return true
  for (const key in value) {
    left.chars -= key.length
    if (!walked((value as Record<string, unknown>)[key], left, depth + 1)) return false
  }
  return true
}
