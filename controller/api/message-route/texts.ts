import type { Rule } from '../schema.ts'

/** A template: text with JSONata between `{% %}`. */
export function template<const D extends string>(description: D, maxLength = 4096) {
  return { type: 'string', description, minLength: 1, maxLength } as const
}

/** A template that is exactly one `{% %}`, so that it gives a value of any kind. */
export function expression<const D extends string>(description: D) {
  return template(`${description} One expression between {% and %}.`, 8192)
}

/** A GEP-2257 duration within bounds. */
export function duration(description: string, [min, max]: readonly [min: string, max: string]) {
  return {
    type: 'string',
    description: `${description} From ${min} to ${max}.`,
    maxLength: 16,
    pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$',
    'x-kubernetes-validations': [
      {
        rule: `duration(self) >= duration('${min}') && duration(self) <= duration('${max}')`,
        message: `must be from ${min} to ${max}`,
        reason: 'FieldValueInvalid',
      },
    ],
  } as const
}

/** Name of an exchange or a queue, as AMQP takes it: up to 255 bytes. */
export function brokerName(description: string) {
  return {
    type: 'string',
    description,
    minLength: 1,
    maxLength: 255,
    pattern: '^[ -~]+$',
    'x-kubernetes-validations': [
      {
        rule: "!self.startsWith('soa.')",
        message: 'names that start with soa. are of the bus itself',
        reason: 'FieldValueForbidden',
      },
    ],
  } as const
}

/** A rule that exactly one of these fields stands in the object. */
export function exactlyOneOf(fields: readonly string[]): Rule {
  return {
    rule: `${fields.map((field) => `(has(self.${field}) ? 1 : 0)`).join(' + ')} == 1`,
    message: `exactly one of ${fields.slice(0, -1).join(', ')} or ${fields.at(-1)} must be set`,
    reason: 'FieldValueInvalid',
  }
}

export const headers = {
  type: 'array',
  description: 'Headers of the call; of the message’s own only the trace context goes along.',
  maxItems: 32,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'value'],
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 256, pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$" },
      value: { type: 'string', maxLength: 4096, description: 'Template.' },
    },
  },
} as const

/** Name of a Service in the registry. */
export const registryName = {
  type: 'string',
  description: 'Name in the registry of a Service of the same namespace.',
  minLength: 1,
  maxLength: 128,
  pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$',
} as const

export const path = {
  type: 'string',
  description: 'Path and query, a template; what an expression gives is percent-encoded.',
  minLength: 1,
  maxLength: 2048,
  pattern: '^/',
  default: '/',
} as const

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
