import type { FromSchema } from 'json-schema-to-ts'
import { conditions } from './conditions.ts'
import { destinations } from './message-route/destination.ts'
import { stepRules, steps } from './message-route/steps.ts'
import { brokerName, duration } from './message-route/texts.ts'
import type { Kind } from './schema.ts'

const from = {
  type: 'object',
  description: 'Where messages come from: keys of an exchange, HTTP, other routes; any of them together.',
  additionalProperties: false,
  properties: {
    exchange: {
      ...brokerName('The exchange; one that is missing is declared, one that is there is taken as it is.'),
      default: 'esb_exchange',
    },
    type: {
      type: 'string',
      enum: ['Direct', 'Topic', 'Fanout'],
      default: 'Direct',
      description: 'How a missing exchange is declared, and what its keys mean.',
    },
    keys: {
      type: 'array',
      description: 'Routing keys; patterns with * and # for type Topic. Fanout needs none.',
      minItems: 1,
      maxItems: 32,
      'x-kubernetes-list-type': 'set',
      items: {
        type: 'string',
        maxLength: 255,
        'x-kubernetes-validations': [
          {
            rule: 'size(bytes(self)) <= 255',
            message: 'a key may be up to 255 bytes long',
            reason: 'FieldValueInvalid',
          },
        ],
      },
    },
    http: {
      type: 'object',
      description: 'Opens POST /messages/<metadata.name>.',
      additionalProperties: false,
      properties: {},
    },
    internal: {
      type: 'object',
      description: 'Says that other routes send messages here.',
      additionalProperties: false,
      properties: {},
    },
  },
  'x-kubernetes-validations': [
    {
      rule: "has(self.keys) || has(self.http) || has(self.internal) || self.type == 'Fanout'",
      message: 'at least one of keys, http or internal must be set, or type Fanout',
      reason: 'FieldValueRequired',
    },
    {
      rule: "self.exchange != 'esb_exchange' || self.type == 'Direct'",
      message: 'esb_exchange is of type Direct',
      reason: 'FieldValueInvalid',
      fieldPath: '.type',
    },
    {
      rule: "self.type == 'Topic' || !has(self.keys) || !self.keys.exists(k, k.contains('*') || k.contains('#'))",
      message: '* and # have a meaning for type Topic only',
      reason: 'FieldValueInvalid',
      fieldPath: '.keys',
    },
  ],
} as const

const retry = {
  type: 'object',
  description: 'What becomes of a message that failed for now: it waits on the broker, longer each time.',
  additionalProperties: false,
  // In full: the API server checks a default by the rules before it fills in what is below.
  default: { attempts: 8, backoff: '1s', maxBackoff: '5m' },
  properties: {
    attempts: {
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 8,
      description: 'Tries in all, the first included; then it becomes a dead letter.',
    },
    backoff: { ...duration('Wait before the second try, doubled for each after it.', ['100ms', '68m']), default: '1s' },
    maxBackoff: { ...duration('No wait is longer.', ['100ms', '68m']), default: '5m' },
  },
  'x-kubernetes-validations': [
    {
      rule: 'duration(self.backoff) <= duration(self.maxBackoff)',
      message: 'backoff must not exceed maxBackoff',
      reason: 'FieldValueInvalid',
      fieldPath: '.backoff',
    },
  ],
} as const

function bytesOf(description: string, maxBytes: string) {
  return {
    type: 'object',
    description,
    additionalProperties: false,
    default: {},
    properties: {
      maxBytes: {
        type: 'integer',
        format: 'int64',
        minimum: 1048576,
        maximum: 1099511627776,
        default: 1073741824,
        description: maxBytes,
      },
    },
  } as const
}

export const messageRouteSpec = {
  type: 'object',
  description: 'A way of messages through the bus: from, steps, to.',
  additionalProperties: false,
  required: ['from', 'to'],
  properties: {
    from,
    steps,
    to: destinations('Where messages go that no route step took; to each of them.', 16),
    retry,
    prefetch: {
      type: 'integer',
      minimum: 1,
      maximum: 10000,
      default: 200,
      description: 'Messages in hand at once, a replica of the bus.',
    },
    queue: bytesOf('The queue of the route.', 'Above this it refuses, and producers learn of it.'),
    deadLetter: bytesOf(
      'The queue of what could not be delivered.',
      'Above this it refuses, and the route stops until there is room.',
    ),
  },
  'x-kubernetes-validations': [
    ...stepRules,
    {
      rule:
        "!(has(self.from.keys) || self.from.type == 'Fanout') || " +
        'self.to.all(d, !has(d.exchange) || d.exchange.name != self.from.exchange || ' +
        "!(self.from.type == 'Fanout' || d.exchange.key in self.from.keys))",
      message: 'a route must not send messages to the exchange and key that it takes them from',
      reason: 'FieldValueInvalid',
      fieldPath: '.to',
    },
  ],
} as const

export const messageRouteStatus = {
  type: 'object',
  additionalProperties: false,
  properties: {
    observedGeneration: { type: 'integer', minimum: 0 },
    conditions,
    url: { type: 'string', maxLength: 4096, description: 'Path at the gateway that takes messages.' },
    queue: { type: 'string', maxLength: 255, description: 'The queue on the broker that messages wait in.' },
    deadLetterQueue: { type: 'string', maxLength: 255, description: 'The queue of what could not be delivered.' },
    lastGood: {
      type: 'object',
      description: 'The spec that was last good and runs while the present one is refused.',
      additionalProperties: false,
      required: ['generation', 'spec'],
      properties: {
        generation: { type: 'integer', minimum: 0 },
        spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    replicas: {
      type: 'object',
      description: 'Replicas of the bus that run this generation, of those that should.',
      additionalProperties: false,
      properties: { acked: { type: 'integer', minimum: 0 }, total: { type: 'integer', minimum: 0 } },
    },
  },
} as const

export type MessageRouteSpec = FromSchema<typeof messageRouteSpec>
export type MessageRouteStatus = FromSchema<typeof messageRouteStatus>

export const messageRoute: Kind = {
  kind: 'MessageRoute',
  plural: 'messageroutes',
  shortName: 'soamr',
  description: 'A way of messages through the enterprise service bus: where from, what is done with them, where to.',
  spec: messageRouteSpec,
  status: messageRouteStatus,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason" },
    { name: 'Keys', type: 'string', jsonPath: '.spec.from.keys' },
    { name: 'URL', type: 'string', jsonPath: '.status.url' },
    { name: 'Queue', type: 'string', jsonPath: '.status.queue', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
}
