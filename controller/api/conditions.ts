import type { FromSchema } from 'json-schema-to-ts'

/** Conditions as in Kubernetes API conventions: one entry a type, transition time kept while the status stays. */
export const conditions = {
  type: 'array',
  maxItems: 8,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
    properties: {
      type: { type: 'string', maxLength: 316 },
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      reason: { type: 'string', minLength: 1, maxLength: 1024 },
      message: { type: 'string', maxLength: 32768 },
      observedGeneration: { type: 'integer', minimum: 0 },
      lastTransitionTime: { type: 'string', format: 'date-time', maxLength: 64 },
    },
  },
} as const

export type Condition = FromSchema<typeof conditions>[number]
