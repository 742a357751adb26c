import { piecesOf } from '#lib/expression/template.ts'
import { checkTemplate } from '#lib/expression.ts'
import { schemaFault } from '#lib/json-schema.ts'
import { parseLimit } from '#lib/model/limit.ts'
import type { MessageRouteObject } from '../../api/objects.ts'
import { malformed } from '../malformed.ts'
import { nameOfStep } from './entry.ts'
import { templatesOf } from './parts.ts'

/** Why a route does not run; the message starts with the field. */
export interface Refusal {
  readonly reason: RefusalReason
  readonly message: string
}

export const REFUSAL_REASONS = [
  'Malformed',
  'NameTooLong',
  'DuplicateStepName',
  'InvalidExpression',
  'InvalidSchema',
  'InvalidRate',
  'RouteLoop',
  'DeadEnd',
] as const

export type RefusalReason = (typeof REFUSAL_REASONS)[number]

type Check = (object: MessageRouteObject) => Refusal | undefined

const CHECKS: readonly Check[] = [
  isReadable, // nothing else can be asked of a spec of another shape
  nameFits,
  stepNamesDiffer,
  ratesHold,
  schemasCompile,
  expressionsParse, // last, since it takes the longest
]

// Expressions are parsed for this, and an object never changes: it is looked at once.
const known = new WeakMap<MessageRouteObject, Refusal | 'none'>()

/** What is wrong with a route whatever else there is in the world; the first fault speaks. */
export function faultOf(object: MessageRouteObject): Refusal | undefined {
  let fault = known.get(object)
  if (fault === undefined) {
    fault = 'none'
    for (const check of CHECKS) {
      const refusal = check(object)
      if (refusal === undefined) continue
      fault = refusal
      break
    }
    known.set(object, fault)
  }
  return fault === 'none' ? undefined : fault
}

function isReadable(object: MessageRouteObject): Refusal | undefined {
  const message = malformed(object)
  return message === undefined ? undefined : { reason: 'Malformed', message }
}

// The longest is soa.single.<namespace>.<name>, and AMQP takes 255 bytes.
const LONGEST_NAME = 255 - 'soa.single..'.length

function nameFits({ metadata: { namespace, name } }: MessageRouteObject): Refusal | undefined {
  if (namespace.length + name.length <= LONGEST_NAME) return undefined
  const message = `metadata.name: queues are named after it: at most ${LONGEST_NAME - namespace.length} characters in namespace ${namespace}`
  return { reason: 'NameTooLong', message }
}

function stepNamesDiffer({ spec: { steps } }: MessageRouteObject): Refusal | undefined {
  const names = steps.map(nameOfStep)
  const place = names.findIndex((name, i) => names.indexOf(name) < i)
  if (place < 0) return undefined
  const message = `spec.steps[${place}]: another step is named ${names[place]}; a step without a name is called by its kind and place`
  return { reason: 'DuplicateStepName', message }
}

function ratesHold({ spec: { steps } }: MessageRouteObject): Refusal | undefined {
  for (const [i, { throttle }] of steps.entries()) {
    const parsed = throttle && parseLimit(throttle.rate)
    if (parsed?.ok === false) return { reason: 'InvalidRate', message: `spec.steps[${i}].throttle.rate: ${parsed.why}` }
  }
  return undefined
}

function schemasCompile({ spec: { steps } }: MessageRouteObject): Refusal | undefined {
  for (const [i, { validate }] of steps.entries()) {
    const fault = validate && schemaFault(validate.schema)
    if (fault !== undefined) return { reason: 'InvalidSchema', message: `spec.steps[${i}].validate.schema: ${fault}` }
  }
  return undefined
}

function expressionsParse({ spec }: MessageRouteObject): Refusal | undefined {
  for (const { field, value, whole } of templatesOf(spec)) {
    const fault = checkTemplate(value) ?? (whole && !isOneExpression(value) ? NOT_ONE : undefined)
    if (fault !== undefined) return { reason: 'InvalidExpression', message: `${field}: ${fault}` }
  }
  return undefined
}

const NOT_ONE = 'must be one expression between {% and %}: it is asked for a value, and this gives text'

// Text around an expression makes text of it, and text is as good as true.
function isOneExpression(template: string): boolean {
  const taken = piecesOf(template)
  if ('fault' in taken) return false
  const said = taken.pieces.filter((piece) => piece.kind === 'expression' || piece.text.trim() !== '')
  return said.length === 1 && said[0]?.kind === 'expression'
}
