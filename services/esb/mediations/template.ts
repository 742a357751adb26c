import { ExpressionError } from '#lib/expression.ts'
import type { Tools } from './tools.ts'
import { bindingsOf, type Work } from './work.ts'

export type Value = (work: Work, more?: Readonly<Record<string, unknown>>) => Promise<unknown>

/** A template that gives any value. */
export function compileValue(text: string, { expressions }: Tools): Value {
  const template = expressions.compile(text)
  return (work, more) =>
    template.evaluate(work.content.value(), more === undefined ? bindingsOf(work) : { ...bindingsOf(work), ...more })
}

/** At once where the template has no expression. */
export type Text = (work: Work) => string | Promise<string>

export interface TextRule {
  /** What is made of it, for messages: `The key`. */
  readonly what: string
  readonly encode?: (text: string) => string
  readonly maxBytes?: number
}

/** A template that must give text. A number or a boolean has one; nothing, a list or an object has none that was meant. */
export function compileText(
  text: string,
  { what, encode, maxBytes = Infinity }: TextRule,
  { expressions }: Tools,
): Text {
  const template = expressions.compile(text, encode && { encode })
  if (template.isConstant) return () => text
  return async (work) => {
    const made = textOf(await template.evaluate(work.content.value(), bindingsOf(work)))
    if (made === undefined)
      throw new ExpressionError('Failed', `${what} has to be text, a number or a boolean: ${text}`)
    if (Buffer.byteLength(made) > maxBytes)
      throw new ExpressionError('Failed', `${what} is longer than ${maxBytes} bytes: ${made.slice(0, 64)}…`)
    return made
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
