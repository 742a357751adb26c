import { type Bindings, type Evaluate, prepare } from './expression/engine.ts'
import { ExpressionError } from './expression/fault.ts'
import { type Piece, piecesOf } from './expression/template.ts'

export { checkTemplate } from './expression/check.ts'
export type { Bindings } from './expression/engine.ts'
export { ExpressionError } from './expression/fault.ts'

export interface ExpressionOptions {
  /** One evaluation, from when it begins. */
  readonly timeoutMs?: number
  /** Calls within calls. */
  readonly stackDepth?: number
  /** The longest list that an expression may make. */
  readonly maxItems?: number
  /** Threads at most, started when first needed. */
  readonly workers?: number
  /** Of `$random()`. */
  readonly random?: () => number
}

export interface Expressions {
  /** Throws ExpressionError for what `checkTemplate` has a reason against. */
  readonly compile: (text: string, options?: { readonly encode?: (text: string) => string }) => Template
  /** Ends the workers; what waits for one is Busy. */
  readonly stop: () => Promise<void>
}

/** Text with JSONata between `{%` and `%}`: docs/reference/expressions.md. */
export interface Template {
  /** Text without an expression. */
  readonly isConstant: boolean
  /** A JSON value, or undefined; a string unless the template is one expression. Rejects with ExpressionError. */
  readonly evaluate: (input: unknown, bindings: Bindings) => Promise<unknown>
}

export function createExpressions(options: ExpressionOptions = {}): Expressions {
  const { timeoutMs = 1_000, stackDepth = 200, maxItems = 100_000 } = options
  const guards = { timeoutMs, stackDepth, maxItems }
  const budget = { maxValues: 1_000_000, maxChars: 16 * 1024 * 1024 }

  function runnerOf(piece: Piece): Evaluate | string {
    return piece.kind === 'text' ? piece.text : prepare(piece.source, { offset: piece.offset - 1, guards, budget })
  }

  return {
    compile(text, { encode = (value: string) => value } = {}) {
      const taken = piecesOf(text)
      if ('fault' in taken) throw new ExpressionError('Failed', taken.fault)
      const single = onlyExpression(taken.pieces)
      if (single) return { isConstant: false, evaluate: runnerOf(single) as Evaluate }
      const parts = taken.pieces.map(runnerOf)
      if (parts.every((part) => typeof part === 'string')) {
        const constant = parts.join('')
        return { isConstant: true, evaluate: async () => constant }
      }
      return { isConstant: false, evaluate: (input, bindings) => filled(parts, encode, input, bindings) }
    },
    async stop() {},
  }
}

/** The one expression of a template that has nothing else but space. */
function onlyExpression(pieces: readonly Piece[]): Piece | undefined {
  const more = pieces.filter((piece) => piece.kind === 'expression' || piece.text.trim() !== '')
  return more.length === 1 && more[0]?.kind === 'expression' ? more[0] : undefined
}

async function filled(
  parts: readonly (Evaluate | string)[],
  encode: (text: string) => string,
  input: unknown,
  bindings: Bindings,
): Promise<string> {
  let text = ''
  for (const part of parts) text += typeof part === 'string' ? part : encode(textOf(await part(input, bindings)))
  return text
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
