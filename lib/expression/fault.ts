/**
 * Why an expression gave nothing.
 * Failed: it is at odds with the message, as `"a" + 1`. Limit: time, depth, size. Busy: too much waits for a worker, or the
 * process stops; the same evaluation may do later.
 */
export class ExpressionError extends Error {
  readonly kind: 'Failed' | 'Limit' | 'Busy'

  constructor(kind: 'Failed' | 'Limit' | 'Busy', message: string) {
    super(message)
    this.name = 'ExpressionError'
    this.kind = kind
  }
}

/** What JSONata throws: a plain object with its code, or whatever JavaScript threw inside of it. */
interface Thrown {
  readonly code?: unknown
  readonly position?: unknown
  readonly message?: unknown
}

/** Codes of JSONata's guards: depth, time, and two for the length of a sequence. */
const LIMITS = new Set<unknown>(['D1011', 'D1012', 'D2014', 'D2015'])
const MAX_MESSAGE_CHARS = 300

/** What was thrown by an evaluation, as one line: JSONata's code, the position in the template, the message; never a stack. */
export function faultOf(thrown: unknown, offset: number): ExpressionError {
  if (thrown instanceof ExpressionError) return thrown
  const { code, message } = (thrown ?? {}) as Thrown
  // RangeError: the stack of JavaScript is spent, or a string or an array can grow no more.
  const kind = LIMITS.has(code) || thrown instanceof RangeError ? 'Limit' : 'Failed'
  return new ExpressionError(kind, `${whereOf(thrown, offset)}${oneLine(message)}`)
}

/** `D1012 at 17: `; positions count from the template's first character, which is 1. */
export function whereOf(thrown: unknown, offset: number): string {
  const { code, position } = (thrown ?? {}) as Thrown
  if (typeof code !== 'string') return ''
  return typeof position === 'number' ? `${code} at ${offset + position}: ` : `${code}: `
}

export function oneLine(message: unknown): string {
  const line = (typeof message === 'string' ? message : 'it failed without a message').replaceAll(/\s+/g, ' ').trim()
  return line.length > MAX_MESSAGE_CHARS ? `${line.slice(0, MAX_MESSAGE_CHARS)}…` : line
}
