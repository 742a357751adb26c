import type { FromSchema } from 'json-schema-to-ts'

const duration = {
  type: 'string',
  maxLength: 16,
  pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$',
  description: 'write a duration such as 500ms, 10s or 1m30s',
} as const

const count = { type: 'integer', minimum: 1, maximum: 100, description: 'write a whole number from 1 to 100' } as const

/** The body of POST /register. Each description says how to put it right: it ends the refusal. */
export const registrationSchema = {
  type: 'object',
  required: ['name', 'url'],
  properties: {
    name: {
      type: 'string',
      maxLength: 128,
      pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$',
      description: 'use up to 128 letters, digits, dots, underscores and dashes, a letter or digit at both ends',
    },
    url: {
      type: 'string',
      maxLength: 2048,
      description: 'give an http or https URL of up to 2048 characters without credentials, query or fragment',
    },
    namespace: {
      type: 'string',
      maxLength: 63,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      description: 'use up to 63 small letters, digits and dashes, a letter or digit at both ends',
    },
    instance: {
      type: 'string',
      maxLength: 253,
      pattern: '^[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?$',
      description:
        'use up to 253 letters, digits, dots, underscores, colons and dashes, a letter or digit at both ends',
    },
    version: { type: 'string', minLength: 1, maxLength: 64, description: 'use 1 to 64 characters, such as 1.4.2' },
    owner: { type: 'string', minLength: 1, maxLength: 253, description: 'use 1 to 253 characters' },
    contract: { type: 'string', minLength: 1, maxLength: 2048, description: 'use 1 to 2048 characters' },
    metadata: {
      type: 'object',
      maxProperties: 64,
      additionalProperties: { type: 'string', maxLength: 1024, description: 'give a text of up to 1024 characters' },
      description: 'give an object of up to 64 texts',
    },
    ttl: {
      type: ['string', 'number'],
      description: 'give a duration such as "30s" or a number of seconds, from one second to 24 hours',
    },
    health: {
      type: 'object',
      additionalProperties: false,
      description: 'it knows type, path, interval, timeout, unhealthyAfter and healthyAfter',
      properties: {
        type: { type: 'string', enum: ['http', 'tcp'], description: 'use http or tcp' },
        path: {
          type: 'string',
          maxLength: 1024,
          pattern: '^/[^\\s?#]*$',
          description: 'begin with a slash, without query or fragment',
        },
        interval: duration,
        timeout: duration,
        unhealthyAfter: count,
        healthyAfter: count,
      },
    },
  },
} as const

// Unknown fields are ignored at run time, and must not be read anywhere.
export type RegistrationBody = FromSchema<typeof registrationSchema & { readonly additionalProperties: false }>
