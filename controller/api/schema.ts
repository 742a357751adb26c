/** The structural subset of JSON Schema that CRDs take, with the Kubernetes extensions this project uses. */
export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  /** `false` closes an object for the folder source; the generated CRD leaves it out, since the API server prunes. */
  readonly additionalProperties?: false | Schema
  readonly items?: Schema
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly 'x-kubernetes-validations'?: readonly Rule[]
  readonly 'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  /** An object whose shape is somebody else's: kept as it is. */
  readonly 'x-kubernetes-preserve-unknown-fields'?: true
}

/** A CEL rule on `self`; see docs/reference/cel.md for the subset that also runs in the folder source. */
export interface Rule {
  readonly rule: string
  readonly message: string
  readonly reason?: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueForbidden' | 'FieldValueDuplicate'
  readonly fieldPath?: string
}

/** One custom resource: what `make generate` writes as a CRD and the folder source validates with. */
export interface Kind {
  readonly kind: string
  readonly plural: string
  readonly shortName: string
  readonly description: string
  readonly spec: Schema
  readonly status: Schema
  readonly columns: readonly Column[]
}

export interface Column {
  readonly name: string
  readonly type: 'string' | 'date' | 'integer'
  readonly jsonPath: string
  readonly priority?: 1
}
