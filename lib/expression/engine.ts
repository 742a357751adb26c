import jsonata from 'jsonata'
import { faultOf } from './fault.ts'
import type { Budget } from './plain.ts'
import { plain } from './plain.ts'

/** JSONata's own guards; they are looked at between the nodes of an expression. */
export interface Guards {
  readonly timeoutMs: number
  readonly stackDepth: number
  readonly maxItems: number
}

export type Bindings = Readonly<Record<string, unknown>>

export type Node = jsonata.ExprNode

/** The tree of an expression; throws what JSONata throws. */
export function parse(source: string): Node {
  return jsonata(source).ast()
}

export type Evaluate = (input: unknown, bindings: Bindings) => Promise<unknown>

/** An expression ready to run. Not for two evaluations at once: `$now()` of one would be that of the other. */
export function prepare(
  source: string,
  { offset, guards, budget }: { readonly offset: number; readonly guards: Guards; readonly budget: Budget },
): Evaluate {
  const expression = jsonata(source, {
    timeout: guards.timeoutMs,
    stack: guards.stackDepth,
    sequence: guards.maxItems,
  })
  return async function evaluate(input, bindings) {
    try {
      return plain(await expression.evaluate(input, bindings), budget)
    } catch (thrown) {
      throw faultOf(thrown, offset)
    }
  }
}
