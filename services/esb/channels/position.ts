import type { Place } from '../streams/read.ts'

/** Where a subscriber begins: with what comes next, at an offset, with the oldest kept, or at a time. */
export type From =
  | { readonly kind: 'next' }
  | { readonly kind: 'offset'; readonly offset: number }
  | { readonly kind: 'first' }
  | { readonly kind: 'time'; readonly seconds: number }

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** Reads `?from=`; undefined when it is none of these. From a time to come is from now on. `now`: milliseconds since the epoch. */
export function fromIn(text: string | null, now: number): From | undefined {
  if (text === null || text === '' || text === 'next') return { kind: 'next' }
  if (text === 'first') return { kind: 'first' }
  if (/^\d{1,15}$/.test(text)) return { kind: 'offset', offset: Number(text) }
  const ms = ISO.test(text) ? Date.parse(text) : Number.NaN
  if (ms > now) return { kind: 'next' }
  return Number.isNaN(ms) ? undefined : { kind: 'time', seconds: Math.floor(ms / 1_000) }
}

export function placeOf(from: Exclude<From, { kind: 'next' }>): Place {
  switch (from.kind) {
    case 'offset':
      return from.offset
    case 'first':
      return 'first'
    case 'time':
      return { seconds: from.seconds }
    default:
      return from satisfies never
  }
}
