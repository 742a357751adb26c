import type { FromSchema } from 'json-schema-to-ts'
import { conditions } from './conditions.ts'
import type { Kind } from './schema.ts'

const rateLimit = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'limit', 'period'],
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      maxLength: 63,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      description: 'Rule name; part of the counter’s identity.',
    },
    limit: {
      type: 'integer',
      minimum: 0,
      maximum: 1000000,
      description: 'Requests admitted in any trailing period; 0 blocks.',
    },
    period: {
      type: 'string',
      maxLength: 16,
      pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$',
      description: 'From 100ms to 24h.',
    },
    key: {
      type: 'object',
      description: 'What is counted apart; left out, all requests share one counter.',
      additionalProperties: false,
      required: ['type'],
      properties: {
        type: { type: 'string', enum: ['Global', 'ClientIP', 'Header', 'Consumer'] },
        header: { type: 'string', minLength: 1, maxLength: 256, pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$" },
      },
      'x-kubernetes-validations': [
        {
          rule: "(self.type == 'Header') == has(self.header)",
          message: 'header must be set for, and only for, type Header',
          reason: 'FieldValueInvalid',
        },
      ],
    },
    scope: {
      type: 'string',
      enum: ['Cluster', 'Replica'],
      default: 'Cluster',
      description: 'Cluster: one counter over all gateway replicas.',
    },
    onError: {
      type: 'string',
      enum: ['Local', 'Open', 'Closed'],
      default: 'Local',
      description: 'When the replica that owns the counter cannot be asked.',
    },
  },
  'x-kubernetes-validations': [
    {
      rule: "duration(self.period) >= duration('100ms') && duration(self.period) <= duration('24h')",
      message: 'period must be from 100ms to 24h',
      reason: 'FieldValueInvalid',
    },
  ],
} as const

export const policySpec = {
  type: 'object',
  description: 'Rules the gateway enforces for what it targets.',
  additionalProperties: false,
  required: ['targetRefs'],
  properties: {
    targetRefs: {
      type: 'array',
      description: 'What the policy applies to, in its own namespace. Kind Namespace means every service of it.',
      minItems: 1,
      maxItems: 16,
      'x-kubernetes-list-type': 'atomic',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'name'],
        properties: {
          group: {
            type: 'string',
            enum: ['', 'soaplane.dev'],
            default: 'soaplane.dev',
            description: 'Empty for kind Namespace.',
          },
          kind: { type: 'string', enum: ['Service', 'Namespace'] },
          name: { type: 'string', minLength: 1, maxLength: 253, description: 'metadata.name of the target.' },
        },
      },
    },
    mode: {
      type: 'string',
      enum: ['Enforce', 'Audit'],
      default: 'Enforce',
      description: 'Audit counts and logs what Enforce would refuse.',
    },
    rateLimits: {
      type: 'array',
      description: 'All apply: a request must be admitted by each.',
      maxItems: 16,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: rateLimit,
    },
  },
  'x-kubernetes-validations': [
    {
      rule: 'has(self.rateLimits) && size(self.rateLimits) > 0',
      message: 'rateLimits must have at least one entry',
      reason: 'FieldValueRequired',
    },
  ],
} as const

export const policyStatus = {
  type: 'object',
  additionalProperties: false,
  properties: {
    observedGeneration: { type: 'integer', minimum: 0 },
    conditions,
    summary: {
      type: 'object',
      description: 'How many targets there are and what became of the policy on them.',
      additionalProperties: false,
      properties: {
        targets: { type: 'integer', minimum: 0 },
        programmed: { type: 'integer', minimum: 0 },
        overridden: { type: 'integer', minimum: 0 },
        conflicted: { type: 'integer', minimum: 0 },
        missing: { type: 'integer', minimum: 0 },
      },
    },
    replicas: {
      type: 'object',
      additionalProperties: false,
      properties: { acked: { type: 'integer', minimum: 0 }, total: { type: 'integer', minimum: 0 } },
    },
    ancestors: {
      type: 'array',
      description: 'Per target, worst first (GEP-713).',
      maxItems: 16,
      'x-kubernetes-list-type': 'atomic',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['ancestorRef', 'controllerName', 'conditions'],
        properties: {
          ancestorRef: {
            type: 'object',
            additionalProperties: false,
            required: ['kind', 'name'],
            properties: {
              group: { type: 'string', maxLength: 253 },
              kind: { type: 'string', maxLength: 63 },
              namespace: { type: 'string', maxLength: 63 },
              name: { type: 'string', maxLength: 253 },
            },
          },
          controllerName: { type: 'string', maxLength: 253 },
          conditions,
        },
      },
    },
  },
} as const

export type PolicySpec = FromSchema<typeof policySpec>
export type PolicyStatus = FromSchema<typeof policyStatus>

export const policy: Kind = {
  kind: 'Policy',
  plural: 'policies',
  shortName: 'soapol',
  description: 'Rules the gateway enforces for the services it targets.',
  spec: policySpec,
  status: policyStatus,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason" },
    { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
    { name: 'Targets', type: 'integer', jsonPath: '.status.summary.targets' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
}
