import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formatsModule from 'ajv-formats'
import { celChecks, type Violation } from './cel.ts'
import { objectSchema } from './crd.ts'
import { KINDS } from './kinds.ts'
import { API_VERSION } from './objects.ts'
import type { Kind } from './schema.ts'

/** A document that holds: defaults filled in, nothing the API server would refuse. */
export interface Document {
  readonly kind: Kind
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: Record<string, unknown>
}

export type Validated =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly violations: readonly Violation[] }

const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false, logger: false })
formatsModule.default(ajv)

const checks = new Map(
  KINDS.map((kind) => {
    const schema = objectSchema(kind, { withStatus: false })
    return [kind.kind, { kind, structural: ajv.compile(schema), rules: celChecks(kind.spec) }] as const
  }),
)

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const LIST_MAP_KEYS = 'x-kubernetes-list-map-keys'

/** Checks one YAML document as the API server would: kind, metadata, structure (unknown fields refused), list keys, CEL rules. */
export function validate(value: unknown, defaultNamespace: string): Validated {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return refused('', 'a document must be an object')
  const { apiVersion, kind, metadata, spec, ...rest } = structuredClone(value) as Record<string, unknown>
  const known = checks.get(String(kind))
  if (apiVersion !== API_VERSION) return refused('apiVersion', `must be ${API_VERSION}`)
  if (known === undefined) return refused('kind', `must be one of ${[...checks.keys()].join(', ')}`)
  const stranger = Object.keys(rest).find((name) => name !== 'status')
  if (stranger !== undefined) return refused(stranger, 'unknown field')
  const meta = metadataOf(metadata, defaultNamespace)
  if ('violations' in meta) return { ok: false, violations: meta.violations }
  const candidate = { spec }
  const violations = structuralViolations(known.structural, candidate)
  if (violations.length > 0) return { ok: false, violations }
  const ruleViolations = [
    ...duplicateKeys(known.kind.spec, candidate.spec, 'spec'),
    ...known.rules(candidate.spec, 'spec'),
  ]
  if (ruleViolations.length > 0) return { ok: false, violations: ruleViolations }
  return {
    ok: true,
    document: { kind: known.kind, metadata: meta.metadata, spec: candidate.spec as Record<string, unknown> },
  }
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

function violationOf({ instancePath, keyword, params, message }: ErrorObject): Violation {
  const path = instancePath
    .replace(/^\//, '')
    .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.')
  const under = (name: string) => (path === '' ? name : `${path}.${name}`)
  if (keyword === 'additionalProperties') return { field: under(params.additionalProperty), message: 'unknown field' }
  if (keyword === 'required') return { field: under(params.missingProperty), message: 'is required' }
  if (keyword === 'enum') return { field: path, message: `must be one of ${params.allowedValues.join(', ')}` }
  return { field: path, message: message ?? 'is invalid' }
}

// x-kubernetes-list-type map and set: no two entries alike. JSON Schema has no word for it.
function duplicateKeys(schema: Kind['spec'], value: unknown, field: string): readonly Violation[] {
  if (value === null || typeof value !== 'object') return []
  if (Array.isArray(value)) {
    const inner = schema.items
    const own = duplicatesIn(schema, value).map((i) => ({ field: `${field}[${i}]`, message: 'duplicate entry' }))
    return inner === undefined
      ? own
      : [...own, ...value.flatMap((each, i) => duplicateKeys(inner, each, `${field}[${i}]`))]
  }
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    duplicateKeys(inner, (value as Record<string, unknown>)[name], `${field}.${name}`),
  )
}

function duplicatesIn(schema: Kind['spec'], list: readonly unknown[]): readonly number[] {
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
