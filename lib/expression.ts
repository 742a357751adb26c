import { createAway } from './expression/away.ts'
import { type Bindings, type Evaluate, prepare, TooLong } from './expression/engine.ts'
import { ExpressionError, faultOf } from './expression/fault.ts'
import { follow, LIST } from './expression/field.ts'
import { type Piece, piecesOf } from './expression/template.ts'
import { createTurns } from './expression/turns.ts'

export { checkTemplate } from './expression/check.ts'
export { ExpressionError } from './expression/fault.ts'

export interface ExpressionOptions {
  /** One evaluation, from when it begins. */
  readonly timeoutMs?: number
  /** Calls within calls, of functions that an expression defines. */
  readonly stackDepth?: number
  /** The longest list that an expression may make. */
  readonly maxItems?: number
  /** Threads at most, started when first needed, for what could hold up the process's own. */
  readonly workers?: number
  /** Evaluations that wait for a thread at most; more are Busy. */
  readonly maxWaiting?: number
  /** Of `$random()`. */
  readonly random?: () => number
}

export interface Expressions {
  /** Throws ExpressionError for what `checkTemplate` has a reason against. With `encode` the template gives text always. */
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

const MIB = 1024 * 1024
/** What one evaluation may keep the process's own thread; it is begun anew in a worker then. */
const AT_HOME_MS = 25
/** After that the event loop has its turn between evaluations. */
const SLICE_MS = 10
/**
 * Evaluations that go straight to a worker after some in a row were too long at home: one may have been the machine's fault,
 * so twice as many each time, up to this.
 */
const MOST_TIMES_AWAY = 1_024
// A few milliseconds of a native function's time.
const HOME = {
  place: 'home' as const,
  maxItems: 10_000,
  weight: { maxValues: 10_000, maxChars: 256 * 1024 },
  quadraticWeight: { maxValues: 1_000, maxChars: 256 * 1024 },
}
// Well within the memory of a worker.
const WORKER = {
  place: 'worker' as const,
  weight: { maxValues: 200_000, maxChars: 4 * MIB },
  quadraticWeight: { maxValues: 200_000, maxChars: 4 * MIB },
}
const RESULT = { maxValues: 1_000_000, maxChars: 8 * MIB }
const WORKER_MEMORY_MB = 256
const MAX_INPUT_CHARS = 8 * MIB

/**
 * Where an expression is evaluated:
 *
 *   field.ts goes a path through objects ─────────────────────► the own thread, at once
 *   risk.ts sees what may take long in one node ──────────────► a worker, ended at the timeout
 *   everything else ──► the own thread, one at a time ──TooLong──┘
 */
export function createExpressions(options: ExpressionOptions = {}): Expressions {
  const { timeoutMs = 1_000, stackDepth = 200, maxItems = 100_000, workers = 2, maxWaiting = 1_000, random } = options
  const guards = { ...WORKER, timeoutMs, stackDepth, maxItems, result: RESULT }
  const atHome = {
    ...{ ...HOME, stackDepth, result: RESULT },
    ...{ timeoutMs: Math.min(timeoutMs, AT_HOME_MS), maxItems: Math.min(maxItems, HOME.maxItems) },
  }
  const limits = { maxWaiting, maxInputChars: MAX_INPUT_CHARS, memoryMb: WORKER_MEMORY_MB }
  const away = createAway({ guards, workers, ...limits, random })
  const inTurn = createTurns(SLICE_MS)

  function evaluatorOf({ source, offset }: { readonly source: string; readonly offset: number }): Evaluate {
    const home = prepare(source, { offset, guards: atHome, random })
    const elsewhere: Evaluate = (input, bindings) => away.evaluate({ source, offset }, input, bindings)
    if (home.reason !== undefined) return elsewhere
    const { fields } = home
    let timesAway = 0
    let tooLong = 0
    return async function evaluate(input, bindings) {
      const found = fields === undefined ? LIST : follow(input, fields)
      if (found !== LIST) return found
      if (timesAway > 0) {
        timesAway--
        return elsewhere(input, bindings)
      }
      try {
        const value = await inTurn(() => home.evaluate(input, bindings))
        tooLong = 0
        return value
      } catch (fault) {
        if (!(fault instanceof TooLong)) throw fault
        timesAway = Math.min(MOST_TIMES_AWAY, 2 ** tooLong++)
        return elsewhere(input, bindings)
      }
    }
  }

  return {
    compile(text, { encode } = {}) {
      const taken = piecesOf(text)
      if ('fault' in taken) throw new ExpressionError('Failed', taken.fault)
      const single = encode ? undefined : onlyExpression(taken.pieces)
      if (single) return { isConstant: false, evaluate: evaluatorOf(single) }
      const parts = taken.pieces.map((piece) => (piece.kind === 'text' ? piece.text : evaluatorOf(piece)))
      if (parts.every((part) => typeof part === 'string')) {
        const constant = parts.join('')
        return { isConstant: true, evaluate: async () => constant }
      }
      return { isConstant: false, evaluate: (input, bindings) => filled(parts, encode, input, bindings) }
    },
    stop: () => away.stop(),
  }
}

/** The one expression of a template that has nothing else but space. */
function onlyExpression(pieces: readonly Piece[]): (Piece & { readonly kind: 'expression' }) | undefined {
  const more = pieces.filter((piece) => piece.kind === 'expression' || piece.text.trim() !== '')
  return more.length === 1 && more[0]?.kind === 'expression' ? more[0] : undefined
}

async function filled(
  parts: readonly (Evaluate | string)[],
  encode: ((text: string) => string) | undefined,
  input: unknown,
  bindings: Bindings,
): Promise<string> {
  let text = ''
  for (const part of parts)
    text += typeof part === 'string' ? part : encoded(textOf(await part(input, bindings)), encode)
  return text
}

function encoded(text: string, encode: ((text: string) => string) | undefined): string {
  try {
    return encode ? encode(text) : text
  } catch (thrown) {
    // Half of a surrogate pair has no encoding.
    throw faultOf(thrown, 0)
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '' : JSON.stringify(value)
}
