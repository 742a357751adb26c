import type { FromSchema } from 'json-schema-to-ts'
import { conditions } from './conditions.ts'
import type { Kind } from './schema.ts'

const URL_PATTERN = '^https?://[^\\s@/?#]+(/[^\\s?#]*)?$'
const DURATION_PATTERN = '^([0-9]{1,5}(h|m|s|ms)){1,4}$'

const url = {
  type: 'string',
  description: 'Base URL, http or https, without credentials, query or fragment.',
  minLength: 8,
  maxLength: 2048,
  pattern: URL_PATTERN,
} as const

const health = {
  type: 'object',
  description: 'How the registry checks each endpoint; left out, nobody checks and endpoints are served as unknown.',
  additionalProperties: false,
  properties: {
    type: {
      type: 'string',
      enum: ['http', 'tcp'],
      default: 'http',
      description: 'http: 2xx and 3xx are healthy; tcp: an open port is.',
    },
    path: {
      type: 'string',
      default: '/',
      maxLength: 1024,
      pattern: '^/[^\\s?#]*$',
      description: 'Path of an http check.',
    },
    interval: {
      type: 'string',
      default: '10s',
      maxLength: 16,
      pattern: DURATION_PATTERN,
      description: 'Time between checks.',
    },
    timeout: {
      type: 'string',
      default: '2s',
      maxLength: 16,
      pattern: DURATION_PATTERN,
      description: 'A slower answer counts as none.',
    },
    unhealthyAfter: {
      type: 'integer',
      default: 2,
      minimum: 1,
      maximum: 100,
      description: 'Failures in a row until unhealthy.',
    },
    healthyAfter: {
      type: 'integer',
      default: 1,
      minimum: 1,
      maximum: 100,
      description: 'Successes in a row until healthy.',
    },
  },
  'x-kubernetes-validations': [
    {
      rule: 'duration(self.timeout) <= duration(self.interval)',
      message: 'timeout must not be longer than interval',
      reason: 'FieldValueInvalid',
    },
    {
      rule: "duration(self.interval) >= duration('100ms')",
      message: 'interval must be at least 100ms',
      reason: 'FieldValueInvalid',
    },
    {
      rule: "duration(self.timeout) >= duration('10ms')",
      message: 'timeout must be at least 10ms',
      reason: 'FieldValueInvalid',
    },
  ],
} as const

const nameValues = {
  type: 'array',
  maxItems: 16,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'value'],
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 256, pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$" },
      value: { type: 'string', minLength: 1, maxLength: 4096 },
    },
  },
} as const

const expose = {
  type: 'object',
  description: 'How the gateway serves this service; left out, it is in the registry only.',
  additionalProperties: false,
  required: ['paths'],
  properties: {
    hostnames: {
      type: 'array',
      description: 'Hosts to answer for, a leading `*.` matching any labels; none = every host.',
      maxItems: 16,
      'x-kubernetes-list-type': 'set',
      items: {
        type: 'string',
        minLength: 1,
        maxLength: 253,
        pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
      },
    },
    paths: {
      type: 'array',
      description: 'What to match; precedence is that of HTTPRoute.',
      minItems: 1,
      maxItems: 64,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['value'],
        properties: {
          type: {
            type: 'string',
            enum: ['Exact', 'PathPrefix'],
            default: 'PathPrefix',
            description: 'PathPrefix matches whole segments.',
          },
          value: {
            type: 'string',
            minLength: 1,
            maxLength: 1024,
            pattern: '^/[^\\s?#\\\\]*$',
            description: 'Path, percent-encoding decoded where it is allowed.',
          },
          method: { type: 'string', enum: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'] },
          headers: nameValues,
          queryParams: nameValues,
          rewrite: {
            type: 'string',
            maxLength: 1024,
            pattern: '^/[^\\s?#\\\\]*$',
            description: 'Replaces the matched path or prefix upstream.',
          },
        },
        'x-kubernetes-validations': [
          { rule: "!self.value.contains('//')", message: "value must not contain '//'", reason: 'FieldValueInvalid' },
          {
            rule: "!self.value.contains('/../') && !self.value.endsWith('/..')",
            message: "value must not contain '..' segments",
            reason: 'FieldValueInvalid',
          },
          {
            rule: "!self.value.contains('/./') && !self.value.endsWith('/.')",
            message: "value must not contain '.' segments",
            reason: 'FieldValueInvalid',
          },
        ],
      },
    },
  },
} as const

export const serviceSpec = {
  type: 'object',
  description: 'A service: where it is, who owns it, how it is exposed.',
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      description: 'Name in the registry, unique in the namespace; metadata.name if left out.',
      minLength: 1,
      maxLength: 128,
      pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$',
    },
    url,
    endpoints: {
      type: 'array',
      description: 'Several instances, each with its URL.',
      minItems: 1,
      maxItems: 1000,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['instance'],
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['instance', 'url'],
        properties: {
          instance: {
            type: 'string',
            minLength: 1,
            maxLength: 253,
            pattern: '^[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?$',
          },
          url,
          version: { type: 'string', minLength: 1, maxLength: 64 },
          ttl: {
            type: 'string',
            maxLength: 16,
            pattern: DURATION_PATTERN,
            description: 'Lease; without a renewal in this time the instance is withdrawn.',
          },
        },
      },
    },
    kubernetesService: {
      type: 'object',
      description: "A core Service of the same namespace; its EndpointSlices' addresses are the instances.",
      additionalProperties: false,
      required: ['name', 'port'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 63, pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$' },
        port: {
          type: 'string',
          minLength: 1,
          maxLength: 15,
          pattern: '^([0-9]{1,5}|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$',
          description: 'Port number or name, as EndpointSlices carry it.',
        },
        scheme: { type: 'string', enum: ['http', 'https'], default: 'http' },
      },
    },
    version: { type: 'string', minLength: 1, maxLength: 64, description: 'Version offered, such as 1.4.2.' },
    owner: { type: 'string', minLength: 1, maxLength: 253, description: 'Team or person that answers for it.' },
    contract: {
      type: 'string',
      minLength: 1,
      maxLength: 2048,
      description: 'URL or path of its OpenAPI or AsyncAPI document.',
    },
    metadata: {
      type: 'object',
      maxProperties: 64,
      additionalProperties: { type: 'string', maxLength: 1024 },
      description: 'Free labels for inventory and filters.',
    },
    health,
    expose,
  },
  'x-kubernetes-validations': [
    {
      rule: '(has(self.url) ? 1 : 0) + (has(self.endpoints) ? 1 : 0) + (has(self.kubernetesService) ? 1 : 0) == 1',
      message: 'exactly one of url, endpoints or kubernetesService must be set',
      reason: 'FieldValueInvalid',
    },
  ],
} as const

export const serviceStatus = {
  type: 'object',
  additionalProperties: false,
  properties: {
    observedGeneration: { type: 'integer', minimum: 0 },
    conditions,
    url: { type: 'string', maxLength: 4096, description: 'What discovery answers for one instance.' },
    endpoints: { type: 'integer', minimum: 0, description: 'Instances known.' },
    replicas: {
      type: 'object',
      description: 'Data plane replicas that serve this generation, of those that should.',
      additionalProperties: false,
      properties: { acked: { type: 'integer', minimum: 0 }, total: { type: 'integer', minimum: 0 } },
    },
    policies: {
      type: 'array',
      description: 'The policies in force, strongest first.',
      maxItems: 32,
      'x-kubernetes-list-type': 'atomic',
      items: { type: 'string', maxLength: 512 },
    },
    lastGood: {
      type: 'object',
      description: 'Annotation values that were last valid and stay in force while the present ones are not.',
      additionalProperties: false,
      properties: { rateLimit: { type: 'string', maxLength: 64 } },
    },
  },
} as const

export type ServiceSpec = FromSchema<typeof serviceSpec>
export type ServiceStatus = FromSchema<typeof serviceStatus>

export const service: Kind = {
  kind: 'Service',
  plural: 'services',
  shortName: 'soasvc',
  description: 'A service of the platform: in the registry by its name, behind the gateway where exposed.',
  spec: serviceSpec,
  status: serviceStatus,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason" },
    { name: 'URL', type: 'string', jsonPath: '.status.url' },
    { name: 'Version', type: 'string', jsonPath: '.spec.version', priority: 1 },
    { name: 'Owner', type: 'string', jsonPath: '.spec.owner', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
}
