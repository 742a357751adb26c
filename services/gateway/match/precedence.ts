import type { Rule } from './rule.ts'

type Compare = (a: Rule<unknown>, b: Rule<unknown>) => number

/** The ties of HTTPRoute, after host and path, which the table looks up; the first difference decides. */
const ties: readonly Compare[] = [
  (a, b) => Number(b.match.method !== undefined) - Number(a.match.method !== undefined),
  (a, b) => b.match.headers.length - a.match.headers.length,
  (a, b) => b.match.queryParams.length - a.match.queryParams.length,
  (a, b) => compare(a.entry.createdAt, b.entry.createdAt), // the oldest: a newcomer takes nothing away
  (a, b) => compare(keyOf(a), keyOf(b)),
  (a, b) => a.index - b.index,
]

/** Sorts rules of one host and path, strongest first. */
export function byPrecedence(a: Rule<unknown>, b: Rule<unknown>): number {
  for (const tie of ties) {
    const order = tie(a, b)
    if (order !== 0) return order
  }
  return 0
}

function keyOf({ entry }: Rule<unknown>): string {
  return `${entry.namespace}/${entry.object}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
