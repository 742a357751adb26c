import { API_VERSION, GROUP, VERSION } from './objects.ts'
import type { Kind, Schema } from './schema.ts'

/** The CustomResourceDefinition of a kind, ready to be written as YAML. */
export function crdOf(kind: Kind): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${GROUP}`, labels: { 'app.kubernetes.io/part-of': 'soaplane' } },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.kind.toLowerCase(),
        shortNames: [kind.shortName],
        categories: ['soaplane'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: openSchema(objectSchema(kind)) },
        },
      ],
    },
  }
}

/** Schema of a whole object, without status where the folder source validates what users write. */
export function objectSchema(kind: Kind, { withStatus = true } = {}): Schema {
  return {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: `Always ${API_VERSION}.` },
      kind: { type: 'string', description: `Always ${kind.kind}.` },
      metadata: { type: 'object' },
      spec: kind.spec,
      ...(withStatus && { status: kind.status }),
    },
  }
}

/** The schema with its objects open: structural schemas may not close them; the API server prunes unknown fields, and kubectl warns. */
export function openSchema(schema: Schema): object {
  const { additionalProperties, properties, items, ...rest } = schema
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, openSchema(inner)])),
    }),
    ...(items && { items: openSchema(items) }),
    ...(additionalProperties && { additionalProperties: openSchema(additionalProperties) }),
  }
}
