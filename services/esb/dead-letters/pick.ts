import { ExpressionError, type Template } from '#lib/expression.ts'
import type { Raw } from '../envelope/read.ts'
import { type Refusal, refusal } from '../http/refusal.ts'
import type { Tools } from '../mediations/tools.ts'
import { isTrue } from '../mediations/truth.ts'
import { letterOf, received } from './letter.ts'

/** Which letters are meant: those with one of the ids that the filter is true for; all where neither is given. */
export interface Choice {
  /** JSONata between `{%` and `%}`; `$` is the letter as a look shows it. */
  readonly filter?: string
  readonly ids?: readonly string[]
}

/** Whether a letter is meant. A filter that fails on a letter does not mean it, and tells why. */
export type Pick = (raw: Raw) => Promise<{ readonly isMeant: boolean; readonly fault?: string }>

export function pickOf(
  { filter, ids }: Choice,
  expressions: Tools['expressions'],
): { readonly ok: true; readonly pick: Pick } | Refusal {
  const wanted = ids && new Set(ids)
  const template = filter === undefined ? undefined : compiled(filter, expressions)
  if (template !== undefined && 'ok' in template) return template
  return {
    ok: true,
    async pick(raw) {
      if (wanted !== undefined && !wanted.has(received(raw).message.id)) return { isMeant: false }
      return template === undefined ? { isMeant: true } : judged(template, raw)
    },
  }
}

function compiled(filter: string, expressions: Tools['expressions']): Template | Refusal {
  try {
    const template = expressions.compile(filter)
    if (!template.isConstant) return template
    return refusal(
      400,
      'FilterInvalid',
      `filter: write an expression between {% and %}, such as {% reason = 'ServiceFailed' %}`,
    )
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return refusal(400, 'FilterInvalid', `filter: ${error.message}`)
  }
}

async function judged(template: Template, raw: Raw): ReturnType<Pick> {
  try {
    return { isMeant: isTrue(await template.evaluate(letterOf(raw, Number.POSITIVE_INFINITY), {})) }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return { isMeant: false, fault: error.message }
  }
}
