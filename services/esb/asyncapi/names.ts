import { contentHash } from '#lib/hash.ts'

/** A name as an id of the document: what it may not hold is replaced, and names that would then be the same are kept apart. */
export function idOf(...parts: readonly string[]): string {
  const name = parts.join('.')
  const safe = name.replace(/[^A-Za-z0-9._-]/g, '_')
  return safe === name ? name : `${safe}-${contentHash(parts).slice(0, 8)}`
}

export interface Reference {
  readonly $ref: string
}

/** Ids need no escaping in a JSON pointer. */
export function refTo(...path: readonly string[]): Reference {
  return { $ref: `#/${path.join('/')}` }
}
