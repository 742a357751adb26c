/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type Schema = boolean | { readonly [keyword: string]: unknown }

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description: string
  readonly schema: Schema
}

export interface Body {
  readonly description?: string
  readonly required?: boolean
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

/** An OpenAPI 3.1 Operation Object, as much of it as is used here. https://spec.openapis.org/oas/v3.1.0 */
export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters: readonly Parameter[]
  readonly requestBody?: Body
  readonly responses: Readonly<Record<string, Body>>
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
}

export function query(name: string, description: string, schema: Schema = { type: 'string' }): Parameter {
  return { name, in: 'query', description, schema }
}

export function header(name: string, description: string, schema: Schema = { type: 'string' }): Parameter {
  return { name, in: 'header', description, schema }
}

/** A JSON answer; `type` is its media type. */
export function answers(description: string, schema: Schema, type = 'application/json'): Body {
  return { description, content: { [type]: { schema } } }
}

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}
