import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formatsModule from 'ajv-formats'
import { celChecks, under, type Violation } from './cel.ts'
import { objectSchema } from './crd.ts'
import { endpointSlice } from './endpoint-slice.ts'
import { KINDS } from './kinds.ts'
import { API_VERSION } from './objects.ts'
import type { Schema } from './schema.ts'

/** A document that holds: defaults filled in, nothing the API server would refuse. */
export interface Document {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  /** Everything but metadata and status: `spec`, or an EndpointSlice's own fields. */
  readonly body: Readonly<Record<string, unknown>>
}

export type Validated =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly violations: readonly Violation[] }

const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false, logger: false })
formatsModule.default(ajv)

interface Checked {
  readonly apiVersion: string
  /** Of the whole object but metadata, its open top level closed. */
  readonly schema: Schema
  readonly structural: ValidateFunction
  readonly rules: ReturnType<typeof celChecks>
}

const checks = new Map<string, Checked>([
  ...KINDS.map((kind) => [kind.kind, checked(API_VERSION, objectSchema(kind, { withStatus: false }))] as const),
  // No kind of ours: it stands in for what Kubernetes would know of a core Service's pods.
  ['EndpointSlice', checked('discovery.k8s.io/v1', endpointSlice)],
])

function checked(
  apiVersion: string,
  { properties: { apiVersion: _v, kind: _k, metadata: _m, ...properties } = {}, ...rest }: Schema,
): Checked {
  const schema: Schema = { ...rest, properties, additionalProperties: false }
  return { apiVersion, schema, structural: ajv.compile(schema), rules: celChecks(schema) }
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const LIST_MAP_KEYS = 'x-kubernetes-list-map-keys'

/** Checks one YAML document as the API server would: kind, metadata, structure (unknown fields refused), list keys, CEL rules. */
export function validate(value: unknown, defaultNamespace: string): Validated {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return refused('', 'a document must be an object')
  const { apiVersion, kind, metadata, status: _status, ...body } = structuredClone(value) as Record<string, unknown>
  const known = checks.get(String(kind))
  if (known === undefined) return refused('kind', `must be one of ${[...checks.keys()].join(', ')}`)
  if (apiVersion !== known.apiVersion) return refused('apiVersion', `must be ${known.apiVersion}`)
  const meta = metadataOf(metadata, defaultNamespace)
  if ('violations' in meta) return { ok: false, violations: meta.violations }
  const structure = structuralViolations(known.structural, body)
  if (structure.length > 0) return { ok: false, violations: structure }
  const violations = [...duplicateKeys(known.schema, body, ''), ...known.rules(body, '')]
  if (violations.length > 0) return { ok: false, violations }
  return { ok: true, document: { apiVersion, kind: String(kind), metadata: meta.metadata, body } }
}

function refused(field: string, message: string): Validated {
  return { ok: false, violations: [{ field, message }] }
}

function metadataOf(
  metadata: unknown,
  defaultNamespace: string,
): { readonly metadata: Document['metadata'] } | { readonly violations: readonly Violation[] } {
  const { name, namespace = defaultNamespace, labels, annotations } = (metadata ?? {}) as Record<string, unknown>
  const violations: Violation[] = []
  if (typeof name !== 'string' || name.length > 253 || !SUBDOMAIN.test(name)) {
    violations.push({
      field: 'metadata.name',
      message: 'must be a lower-case DNS subdomain such as service-a, at most 253 characters',
    })
  }
  if (typeof namespace !== 'string' || namespace.length > 63 || !LABEL.test(namespace)) {
    violations.push({
      field: 'metadata.namespace',
      message: 'must be a lower-case DNS label such as default, at most 63 characters',
    })
  }
  for (const [field, map] of Object.entries({ labels, annotations })) {
    if (map !== undefined && !isStringMap(map)) {
      violations.push({
        field: `metadata.${field}`,
        message: 'must map names to strings; put quotes around numbers and booleans',
      })
    }
  }
  if (violations.length > 0) return { violations }
  return {
    metadata: {
      name: name as string,
      namespace: namespace as string,
      ...(labels !== undefined && { labels: labels as Record<string, string> }),
      ...(annotations !== undefined && { annotations: annotations as Record<string, string> }),
    },
  }
}

function isStringMap(value: unknown): boolean {
  return (
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string')
  )
}

function structuralViolations(structural: ValidateFunction, candidate: unknown): readonly Violation[] {
  return structural(candidate) ? [] : (structural.errors ?? []).map(violationOf)
}

/** A violation as users read it: the field's path, and what is asked of it. */
export function violationOf({ instancePath, keyword, params, message }: ErrorObject): Violation {
  const path = instancePath
    .replace(/^\//, '')
    .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.')
  if (keyword === 'additionalProperties')
    return { field: under(path, params.additionalProperty), message: 'unknown field' }
  if (keyword === 'required') return { field: under(path, params.missingProperty), message: 'is required' }
  if (keyword === 'enum') return { field: path, message: `must be one of ${params.allowedValues.join(', ')}` }
  return { field: path, message: message ?? 'is invalid' }
}

// x-kubernetes-list-type map and set: no two entries alike. JSON Schema has no word for it.
function duplicateKeys(schema: Schema, value: unknown, field: string): readonly Violation[] {
  if (value === null || typeof value !== 'object') return []
  if (Array.isArray(value)) {
    const inner = schema.items
    const own = duplicatesIn(schema, value).map((i) => ({ field: `${field}[${i}]`, message: 'duplicate entry' }))
    return inner === undefined
      ? own
      : [...own, ...value.flatMap((each, i) => duplicateKeys(inner, each, `${field}[${i}]`))]
  }
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    duplicateKeys(inner, (value as Record<string, unknown>)[name], under(field, name)),
  )
}

function duplicatesIn(schema: Schema, list: readonly unknown[]): readonly number[] {
  const type = schema['x-kubernetes-list-type']
  if (type !== 'map' && type !== 'set') return []
  const keys = schema[LIST_MAP_KEYS] ?? []
  const seen = new Set<string>()
  return list.flatMap((each, i) => {
    const id = JSON.stringify(type === 'set' ? each : keys.map((key) => (each as Record<string, unknown>)[key]))
    if (seen.has(id)) return [i]
    seen.add(id)
    return []
  })
}
