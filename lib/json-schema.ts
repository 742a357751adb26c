import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

/** What is wrong with a value: its first few violations, `field: message`; undefined when nothing is. */
export type Check = (value: unknown) => string | undefined

/** Why a schema (JSON Schema 2020-12) cannot be used; undefined when it can. */
export function schemaFault(schema: unknown): string | undefined {
  const compiled = compiledOf(schema)
  return typeof compiled === 'string' ? compiled : undefined
}

/** A schema as a check; throws for what `schemaFault` has a reason against. */
export function compileSchema(schema: unknown): Check {
  const compiled = compiledOf(schema)
  if (typeof compiled === 'string') throw new Error(compiled)
  return compiled
}

const MAX_SHOWN = 3
const MAX_CHARS = 500

function compiledOf(schema: unknown): Check | string {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema)))
    return 'a schema is an object, or true or false'
  try {
    const ajv = new Ajv2020({ allErrors: false, strict: false, logger: false, validateFormats: true })
    formats.default(ajv)
    const validate = ajv.compile(schema)
    return (value) => (validate(value) ? undefined : said(validate.errors ?? []))
  } catch (thrown) {
    return oneLine((thrown as Error).message)
  }
}

function said(errors: readonly ErrorObject[]): string {
  const lines = errors.slice(0, MAX_SHOWN).map(({ instancePath, message }) => {
    const field = instancePath.slice(1).replaceAll('/', '.')
    return field === '' ? (message ?? 'is not valid') : `${field}: ${message}`
  })
  return oneLine(lines.join('; '))
}

function oneLine(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ').trim()
  return line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS)}…` : line
}

export interface SchemaOptions {
  /** One validation by a schema whose patterns need a worker. */
  readonly timeoutMs?: number
  readonly workers?: number
}

export interface Schemas {
  /** Throws for what `schemaFault` has a reason against. */
  readonly compile: (schema: unknown) => Validator
  readonly stop: () => Promise<void>
}

/** `validate` is at once for schemas that cannot take long, a promise for others; it throws (or rejects) with SchemaError. */
export interface Validator {
  readonly validate: (value: unknown) => string | undefined | Promise<string | undefined>
}

/** Limit: the validation took too long. Busy: too much waits, or the process stops; it may do later. */
export class SchemaError extends Error {
  readonly kind: 'Limit' | 'Busy'

  constructor(kind: 'Limit' | 'Busy', message: string) {
    super(message)
    this.name = 'SchemaError'
    this.kind = kind
  }
}

export function createSchemas(_options: SchemaOptions = {}): Schemas {
  return {
    compile: (schema) => ({ validate: compileSchema(schema) }),
    async stop() {},
  }
}
