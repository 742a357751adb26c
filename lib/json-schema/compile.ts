import { Ajv2020, type ErrorObject, type Options } from 'ajv/dist/2020.js'
import formats, { type FormatName } from 'ajv-formats'
import { isWithin } from '#lib/weigh.ts'
import { oneLine, said } from './violations.ts'

/** What is wrong with a value: its first few violations, `field: message`; undefined when nothing is. */
export type Check = (value: unknown) => string | undefined

export type Compiled = { readonly check: Check } | { readonly fault: string }

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'
const MAX_SCHEMA = { maxValues: 20_000, maxChars: 1024 * 1024 }
// In a larger value the first violation must do: each takes memory, and one may have millions.
const MAX_SEARCHED = { maxValues: 1_000, maxChars: 256 * 1024 }

// Those of the specification that ajv knows; of its own some backtrack. Any other name is only a remark.
const FORMATS: FormatName[] = [
  ...(['date', 'time', 'date-time', 'duration', 'uri', 'uri-reference', 'uri-template', 'email', 'hostname'] as const),
  ...(['ipv4', 'ipv6', 'regex', 'uuid', 'json-pointer', 'relative-json-pointer'] as const),
]

// What is no keyword is no fault, as the specification has it. Inherited names, as `constructor`, are no properties.
const OPTIONS = { strict: false, logger: false, ownProperties: true } as const
const metaSchema = new Ajv2020(OPTIONS)

// To tidy the code before it is run takes as long as all else here, and gains nothing: V8 does it again.
const CODE = { optimize: false }
const NOT_TO_RUN = { messages: false, code: { ...CODE, process: () => 'return () => true' } }

/** What `compile` has against a schema. The code is written, as that tells, but not read: it takes half the time. */
export function faultOf(schema: unknown): string | undefined {
  const fault = misshapen(schema)
  if (fault !== undefined) return fault
  try {
    validatorOf(schema as object | boolean, NOT_TO_RUN)
    return undefined
  } catch (thrown) {
    return reasonOf(thrown)
  }
}

/** Each schema has an ajv of its own: what one names (`$id`) is nothing to another. */
export function compile(schema: unknown): Compiled {
  const fault = misshapen(schema)
  if (fault !== undefined) return { fault }
  try {
    const first = validatorOf(schema as object | boolean, { allErrors: false })
    let several: typeof first | undefined
    return {
      check(value) {
        if (first(value)) return undefined
        const found = first.errors as ErrorObject[]
        if (!isWithin(value, MAX_SEARCHED)) return said(found)
        several ??= validatorOf(schema as object | boolean, { allErrors: true })
        return said(several(value) ? found : (several.errors as ErrorObject[]))
      },
    }
  } catch (thrown) {
    return { fault: reasonOf(thrown) }
  }
}

function validatorOf(schema: object | boolean, use: Options) {
  // The schema is known to be one. To write out what is referred to at each place could make gigabytes of a few lines.
  const ajv = new Ajv2020({ ...OPTIONS, meta: false, validateSchema: false, inlineRefs: 20, code: CODE, ...use })
  formats.default(ajv, FORMATS)
  return ajv.compile(schema)
}

/** What is no schema at all. */
function misshapen(schema: unknown): string | undefined {
  if (typeof schema === 'boolean') return undefined
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    return 'a schema is an object, or true or false'
  if (!isWithin(schema, MAX_SCHEMA)) return 'the schema is too large'
  const dialect = '$schema' in schema ? schema.$schema : DIALECT
  if (typeof dialect !== 'string' || dialect.replace(/#$/, '') !== DIALECT) return `$schema: only ${DIALECT} is known`
  // Ajv's own: it would make a promise of each answer.
  if (hasKey(schema, '$async')) return '$async: is no keyword of JSON Schema'
  // `$schema` was judged; ajv would look for a dialect of that name.
  const { $schema: _dialect, ...rest } = schema as { readonly $schema?: string }
  if (metaSchema.validateSchema(rest)) return undefined
  // The first says it; what follows are other forms that the same place could have.
  return said(metaSchema.errors?.slice(0, 1) ?? [])
}

function hasKey(value: unknown, key: string): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (!Array.isArray(value) && Object.hasOwn(value, key)) return true
  return Object.values(value).some((inner) => hasKey(inner, key))
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof RangeError) return 'the schema is nested too deep, or its references go in a circle'
  const { missingRef, message } = thrown as { readonly missingRef?: string; readonly message?: string }
  if (missingRef === undefined) return oneLine(message ?? String(thrown))
  return oneLine(`$ref ${missingRef}: leads nowhere in the schema, and only what is in it can be referred to`)
}
