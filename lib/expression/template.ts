import { oneLine, whereOf } from './fault.ts'
import { riskOf } from './risk.ts'
import { parse } from './syntax.ts'

/** A template taken apart: text as it is, and expressions with the number of characters before each. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly source: string; readonly offset: number }

export type Pieces = { readonly pieces: readonly Piece[] } | { readonly fault: string }

const OPEN = '{%'
const CLOSE = '%}'
// What JSONata says of text, a name, a comment or a regex that has no end: a `%}` inside of one closes nothing.
const UNENDED = new Set<unknown>(['S0101', 'S0105', 'S0106', 'S0302'])

/** Takes a template apart; the fault names what is broken and where. */
export function piecesOf(template: string): Pieces {
  const pieces: Piece[] = []
  let at = 0
  while (at < template.length) {
    const open = template.indexOf(OPEN, at)
    if (open === -1) break
    const end = endOf(template, open)
    if (typeof end === 'string') return { fault: end }
    if (open > at) pieces.push({ kind: 'text', text: template.slice(at, open) })
    pieces.push({
      kind: 'expression',
      source: template.slice(open + OPEN.length, end.close),
      offset: open + OPEN.length,
    })
    at = end.close + CLOSE.length
  }
  if (at < template.length || pieces.length === 0) pieces.push({ kind: 'text', text: template.slice(at) })
  return { pieces }
}

function endOf(template: string, open: number): { readonly close: number } | string {
  const begin = open + OPEN.length
  let fault: string | undefined
  for (let close = template.indexOf(CLOSE, begin); close !== -1; close = template.indexOf(CLOSE, close + 1)) {
    const source = template.slice(begin, close)
    if (source.trim() === '') return `the expression at ${open + 1} is empty`
    try {
      const { refusal } = riskOf(parse(source))
      return refusal === undefined ? { close } : `${refusal}: the expression at ${open + 1}`
    } catch (thrown) {
      fault ??= `${whereOf(thrown, open + OPEN.length)}${oneLine((thrown as { message?: unknown }).message)}`
      if (!UNENDED.has((thrown as { code?: unknown }).code)) return fault
    }
  }
  return fault ?? `the ${OPEN} at ${open + 1} has no ${CLOSE}`
}
