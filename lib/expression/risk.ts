import { isHarmless } from '#lib/pattern.ts'
import type { Node } from './syntax.ts'

/**
 * What is known of an expression before it runs.
 *
 * JSONata looks at its clock between nodes. Inside of one node nothing ends it: a regular expression, a native function, a
 * comparison. So the tree is read once: what could take long in one node, whatever the message, has a reason for a worker;
 * the rest runs in the process's own thread, with the values measured that a native function or operator walks at one go.
 */
export interface Risk {
  /** Why it cannot be evaluated at all. */
  readonly refusal?: string
  /** Why it must run where it can be ended. */
  readonly reason?: string
  /** Nodes whose values are measured before something walks them. */
  readonly measured: ReadonlySet<Node>
  /** Whether texts can grow: each is looked at, since ten doublings cost nothing and make a thousand times the memory. */
  readonly grows: boolean
  /** Whether it can call itself. */
  readonly hasLambdas: boolean
  /** Whether the message decides how many parts of it run side by side. */
  readonly hasGroups: boolean
  /** Names of variables, functions among them. */
  readonly mentions: ReadonlySet<string>
  readonly nodes: number
}

type Part = Omit<Node, 'type'> & Record<string, unknown> & { readonly type: string }
type Draft = { -readonly [K in keyof Risk]: Risk[K] } & { measured: Set<Node>; mentions: Set<string> }

export function riskOf(ast: Node): Risk {
  const risk: Draft = {
    ...{ measured: new Set<Node>(), mentions: new Set<string>(), nodes: 0 },
    ...{ grows: false, hasLambdas: false, hasGroups: false },
  }
  visit(ast as unknown as Part, risk, undefined)
  return risk
}

function visit(part: Part, risk: Draft, parent: Part | undefined): void {
  risk.nodes++
  const reason = reasonOf(part, parent)
  if (reason !== undefined) risk.reason ??= reason
  // A message that holds a program can hold any, and its nodes are not these: nothing here would be known of them.
  if (part.type === 'variable' && part.value === 'eval') risk.refusal ??= '$eval is not available'
  note(part, risk)
  for (const inner of innerOf(part)) visit(inner, risk, part)
}

function note(part: Part, risk: Draft): void {
  if (part.group !== undefined || (isOperator(part, 'unary', '{') && keysOf(part).some((key) => !isText(key))))
    risk.hasGroups = true
  switch (part.type) {
    case 'lambda':
      risk.hasLambdas = true
      return
    case 'variable':
      risk.mentions.add(String(part.value))
      return
    case 'transform':
      risk.mentions.add('clone')
      return
    case 'binary': {
      const sides = [part.lhs as Part, part.rhs as Part]
      if (part.value === '&') {
        risk.grows = true
        measure(risk, sides)
      }
      // What is compared with a literal is looked at no further than its type.
      if ((part.value === '=' || part.value === '!=') && !sides.some(isLiteral)) measure(risk, sides)
      return
    }
    case 'apply':
      measure(risk, [part.lhs as Part])
      return
    case 'function':
      risk.grows = true
      if (!AT_A_GLANCE.has(calledBy(part) ?? '')) measure(risk, argumentsOf(part))
  }
}

/** Functions that do not walk what they are given. */
const AT_A_GLANCE = new Set(['exists', 'count', 'type'])

function measure({ measured }: Draft, operands: readonly Part[]): void {
  for (const operand of operands) if (!isLiteral(operand)) measured.add(operand as unknown as Node)
}

type Call = { readonly args: readonly Part[]; readonly piped: boolean }

/** Functions that are safe in some forms; the form that is not has a reason. */
const CAREFUL: Readonly<Record<string, (call: Call) => boolean>> = {
  // The search for a text in a text can take the product of both lengths: the searched one must be in the template.
  contains: (call) => hasLiterals(call, 1),
  split: (call) => hasLiterals(call, 1),
  replace: (call) => hasLiterals(call, 2),
  // Pictures become regular expressions: only dates without one.
  toMillis: ({ args, piped }) => args.length <= (piped ? 0 : 1),
  formatInteger: () => false,
  parseInteger: () => false,
}

function reasonOf(part: Part, parent: Part | undefined): string | undefined {
  switch (part.type) {
    case 'regex': {
      const { source, flags } = part.value as RegExp
      return isHarmless(source, flags) ? undefined : 'a regular expression that may backtrack'
    }
    case 'function': {
      const name = calledBy(part) ?? ''
      const piped = parent?.type === 'apply' && parent.rhs === part
      const isSafe = CAREFUL[name]?.({ args: argumentsOf(part), piped }) ?? true
      return isSafe ? undefined : `$${name} with what is not in the template`
    }
    case 'variable':
      // Passed on as a value it is called with what nobody can see here.
      if (CAREFUL[String(part.value)] === undefined || parent?.procedure === part) return undefined
      return `$${part.value} as a value`
    // A partial application makes a function even of a message that is written like one.
    case 'partial':
      return 'a partial application'
    // Both walk an object of any width in one node, and join as they go.
    case 'descendant':
    case 'wildcard':
      return `the path ${part.value}`
    case 'lambda':
      // Signatures are regular expressions within; many open ends in one can backtrack.
      return signatureOf(part).replaceAll(/[^+?-]/g, '').length > 4 ? 'a signature that may backtrack' : undefined
    default:
      return undefined
  }
}

/** All arguments but the first are literals, and so many of them texts that what is searched for is one. */
function hasLiterals({ args, piped }: Call, texts: number): boolean {
  const [first, ...rest] = args
  if (first === undefined) return false
  if (!rest.every(isLiteral)) return false
  if (piped) return isText(first) && args.length >= texts
  return isLiteral(first) || rest.slice(0, texts).filter(isText).length === texts
}

function calledBy(part: Part): string | undefined {
  const procedure = part.procedure as Part | undefined
  return procedure?.type === 'variable' ? String(procedure.value) : undefined
}

function argumentsOf(part: Part): readonly Part[] {
  return (part.arguments ?? []) as unknown as Part[]
}

function keysOf(part: Part): readonly Part[] {
  return (part.lhs as unknown as (readonly [Part, Part])[]).map(([key]) => key)
}

function signatureOf(part: Part): string {
  return String((part.signature as { readonly definition?: unknown } | undefined)?.definition ?? '')
}

function isOperator(part: Part, type: string, value: string): boolean {
  return part.type === type && part.value === value
}

function isLiteral({ type }: Part): boolean {
  // A regular expression is judged for itself.
  return type === 'string' || type === 'number' || type === 'value' || type === 'regex'
}

function isText({ type }: Part): boolean {
  return type === 'string' || type === 'regex'
}

/** The parts of a node, wherever JSONata keeps them. */
function innerOf(part: Part): readonly Part[] {
  const inner: Part[] = []
  const take = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(take)
    else if (typeof value === 'object' && value !== null && !(value instanceof RegExp)) inner.push(value as Part)
  }
  for (const [key, value] of Object.entries(part)) if (key !== 'signature') take(value)
  return inner
}
