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

/**
 * A template that makes a body. A path that leads nowhere gives nothing: more often a slip of the author than an empty message
 * that was meant.
 */
export function compileBody(text: string, tools: Tools): Value {
  const value = compileValue(text, tools)
  return async (work, more) => {
    const made = await value(work, more)
    if (made === undefined) throw new ExpressionError('Failed', `The expression gave no value: ${text.slice(0, 128)}`)
    return made
  }
}

/** At once where the template has no expression. */
export type Text = (work: Work) => string | Promise<string>

export interface TextRule {
  /** What is made of it, for messages: `The key`. */
  readonly what: string
  readonly encode?: (text: string) => string
  readonly maxBytes?: number
  readonly mayBeEmpty?: boolean
  /** What else it must be, or is made to be; throws an ExpressionError. */
  readonly finish?: (text: string) => string
}

/** A template that must give text. A number or a boolean has one; nothing, a list or an object has none that was meant. */
export function compileText(text: string, rule: TextRule, { expressions }: Tools): Text {
  const template = expressions.compile(text, rule.encode && { encode: rule.encode })
  if (template.isConstant) return () => accepted(text, rule, text)
  return async (work) => accepted(await template.evaluate(work.content.value(), bindingsOf(work)), rule, text)
}

function accepted(
  value: unknown,
  { what, maxBytes = Infinity, mayBeEmpty = true, finish = (whole) => whole }: TextRule,
  template: string,
): string {
  const made = textOf(value)
  if (made === undefined)
    throw new ExpressionError('Failed', `${what} must be text, a number or a boolean: ${template}`)
  if (made === '' && !mayBeEmpty) throw new ExpressionError('Failed', `${what} is empty: ${template}`)
  if (Buffer.byteLength(made) <= maxBytes) return finish(made)
  throw new ExpressionError('Failed', `${what} is longer than ${maxBytes} bytes: ${made.slice(0, 64)}…`)
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
