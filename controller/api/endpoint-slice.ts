import type { Schema } from './schema.ts'

/** discovery.k8s.io/v1 EndpointSlice, as much of it as the platform reads; what else a real one carries is refused in a folder. */
export const endpointSlice: Schema = {
  type: 'object',
  description: 'Addresses behind a core Service; in a folder it stands in for what Kubernetes would know.',
  required: ['addressType', 'endpoints'],
  properties: {
    addressType: { type: 'string', enum: ['IPv4', 'IPv6', 'FQDN'] },
    endpoints: {
      type: 'array',
      maxItems: 1000,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['addresses'],
        properties: {
          addresses: {
            type: 'array',
            minItems: 1,
            maxItems: 100,
            items: { type: 'string', minLength: 1, maxLength: 253 },
          },
          conditions: {
            type: 'object',
            additionalProperties: false,
            properties: { ready: { type: 'boolean' }, serving: { type: 'boolean' }, terminating: { type: 'boolean' } },
          },
        },
      },
    },
    ports: {
      type: 'array',
      maxItems: 100,
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          name: { type: 'string', maxLength: 63 },
          port: { type: 'integer', minimum: 1, maximum: 65535 },
          protocol: { type: 'string', enum: ['TCP'] },
        },
      },
    },
  },
}
