import jsonata from 'jsonata'
import { isWithin, type Weight } from '#lib/weigh.ts'
import { ExpressionError, faultOf } from './fault.ts'
import { fieldsOf } from './field.ts'
import { type Bounds, bind } from './natives.ts'
import { plain } from './plain.ts'
import { type Risk, riskOf } from './risk.ts'
import type { Node } from './syntax.ts'

/** Where an expression runs, and what it may take there. */
export interface Guards {
  /** Home: the process's own thread, which is to be free soon; what needs more is TooLong, and done again in a worker. */
  readonly place: 'home' | 'worker'
  /** JSONata's own guards; it looks at them between the nodes of an expression. */
  readonly timeoutMs: number
  readonly stackDepth: number
  readonly maxItems: number
  /** What may be walked in one node. */
  readonly weight: Weight
  readonly quadraticWeight: Weight
  /** Of a result. */
  readonly result: Weight
}

export type Bindings = Readonly<Record<string, unknown>>

/** A JSON value, or undefined; rejects with ExpressionError, or with TooLong. */
export type Evaluate = (input: unknown, bindings: Bindings) => Promise<unknown>

/** The expression is to be evaluated again where it can be ended: it takes long here, or something in it might. */
export class TooLong extends Error {}

export interface Preparation {
  /** Characters before the expression in its template. */
  readonly offset: number
  readonly guards: Guards
  readonly random?: (() => number) | undefined
}

export interface Prepared {
  /** Not for two evaluations at once: turns.ts says why. */
  readonly evaluate: Evaluate
  /** Why it must run where it can be ended. */
  readonly reason?: string | undefined
  /** Of a path that leads from field to field; field.ts goes it without JSONata. */
  readonly fields?: readonly string[] | undefined
}

export function prepare(source: string, { offset, guards, random }: Preparation): Prepared {
  const options = { timeout: guards.timeoutMs, stack: 0, sequence: guards.maxItems }
  const expression = jsonata(source, options)
  const ast = expression.ast()
  const risk = riskOf(ast)
  options.stack = depthOf(risk, guards)
  const bounds = boundsOf(guards)
  bind(expression, risk.mentions, bounds)
  if (random) expression.registerFunction('random', () => random(), '<:n>')
  if (risk.grows || risk.measured.size > 0) look(expression, risk, bounds)
  async function evaluate(input: unknown, bindings: Bindings): Promise<unknown> {
    try {
      return plain(await expression.evaluate(input, bindings), guards.result)
    } catch (thrown) {
      if (guards.place === 'home' && isTooLong(thrown, risk)) throw new TooLong()
      throw faultOf(thrown, offset)
    }
  }
  return { evaluate, reason: risk.reason, fields: fieldsOf(ast) }
}

/**
 * JSONata counts what runs side by side (the fields of an object, the items of a list) as depth. Without functions of its own
 * an expression cannot recurse and needs no limit. Where the message says how many run side by side, time is the limit; at
 * home their number as well, since each has to be wound up.
 */
function depthOf({ hasLambdas, hasGroups, nodes }: Risk, { stackDepth, place }: Guards): number {
  if (!hasLambdas) return 0
  if (!hasGroups) return stackDepth + nodes
  return place === 'home' ? MAX_SIDE_BY_SIDE : 0
}

const MAX_SIDE_BY_SIDE = 5_000

/** Whether it was a limit of home that ended it: there is more time, and room, elsewhere. */
function isTooLong(thrown: unknown, { hasGroups }: Risk): boolean {
  const { code } = (thrown ?? {}) as { readonly code?: unknown }
  return thrown instanceof TooLong || code === 'D1012' || code === 'D2015' || (code === 'D1011' && hasGroups)
}

function boundsOf({ place, weight, quadraticWeight }: Guards): Bounds {
  const exceeded = (what: string) =>
    place === 'home' ? new TooLong() : new ExpressionError('Limit', `${what} is too large`)
  return { weight, quadraticWeight, exceeded }
}

// JSONata calls what is bound to this symbol after each node, with the node's value; it is made for debuggers.
const AFTER_NODE = Symbol.for('jsonata.__evaluate_exit') as unknown as string

function look(expression: jsonata.Expression, { measured }: Risk, { weight, exceeded }: Bounds): void {
  expression.assign(AFTER_NODE, (node: Node, _input: unknown, _environment: unknown, value: unknown) => {
    if (typeof value === 'string') {
      if (value.length > weight.maxChars) throw exceeded('a text')
    } else if (typeof value === 'object' && measured.has(node) && !isWithin(value, weight)) throw exceeded('a value')
  })
}
