import type { Rule } from '../schema.ts'
import { destination, destinations } from './destination.ts'
import { duration, exactlyOneOf, expression, headers, METHODS, path, registryName, template } from './texts.ts'

export const MAX_STEPS = 32

const enrich = {
  type: 'object',
  description: 'Asks a service and puts its answer into the message.',
  additionalProperties: false,
  required: ['service'],
  properties: {
    service: registryName,
    method: { type: 'string', enum: METHODS, default: 'GET' },
    path,
    body: template('Body of the call; left out, none for GET and the message’s own otherwise. A template.', 8192),
    into: {
      type: 'string',
      minLength: 1,
      maxLength: 128,
      pattern: '^[A-Za-z_][A-Za-z0-9_-]*$',
      description: 'Field of the body that takes the answer.',
    },
    value: expression('What becomes the body; the answer is $answer.'),
    timeout: { ...duration('A slower answer counts as none.', ['10ms', '2m']), default: '2s' },
    headers,
    onError: {
      type: 'string',
      enum: ['Fail', 'Continue'],
      default: 'Fail',
      description: 'Fail: the message is tried again; Continue: it goes on without the answer.',
    },
  },
  'x-kubernetes-validations': [exactlyOneOf(['into', 'value'])],
} as const

const aggregate = {
  type: 'object',
  description: 'Collects messages until a group is whole, or its time is over, and goes on with one.',
  additionalProperties: false,
  required: ['correlation', 'size', 'window'],
  properties: {
    correlation: template('What the messages of one group have in common, a template.'),
    size: { type: 'integer', minimum: 1, maximum: 10000, description: 'Messages of a whole group.' },
    window: duration('A group that is not whole by then goes on as it is.', ['100ms', '14m59s']),
    value: expression('Of the array of bodies, in order of arrival; the array itself if left out.'),
  },
} as const

const route = {
  type: 'object',
  description: 'Chooses destinations by content; a message that no case takes goes on to the next step.',
  additionalProperties: false,
  required: ['cases'],
  properties: {
    match: {
      type: 'string',
      enum: ['First', 'All'],
      default: 'First',
      description: 'First: the first case that holds takes it; All: each that does.',
    },
    cases: {
      type: 'array',
      minItems: 1,
      maxItems: 16,
      'x-kubernetes-list-type': 'atomic',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['when', 'to'],
        properties: { when: expression('Whether this case takes the message.'), to: destinations('Where to.', 8) },
      },
    },
  },
} as const

/** The kinds of step, each the field of its name. */
export const KINDS_OF_STEP = [
  'filter',
  'validate',
  'transform',
  'enrich',
  'split',
  'aggregate',
  'route',
  'wireTap',
  'throttle',
  'dedupe',
] as const

export type KindOfStep = (typeof KINDS_OF_STEP)[number]

const step = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      maxLength: 63,
      pattern: '^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?$',
      description: 'Unique in the route; left out, kind and place, such as filter-0.',
    },
    filter: expression('Messages for which it is false go no further.'),
    validate: {
      type: 'object',
      description: 'Messages that the schema does not hold for become dead letters.',
      additionalProperties: false,
      required: ['schema'],
      properties: {
        schema: {
          type: 'object',
          description: 'JSON Schema 2020-12.',
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
    },
    transform: {
      type: 'object',
      description: 'Makes another body.',
      additionalProperties: false,
      required: ['value'],
      properties: {
        value: template('The body: one expression gives JSON, text around expressions gives text.', 16384),
        contentType: {
          type: 'string',
          maxLength: 255,
          pattern: '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(;[ -~]*)?$',
          description: 'Of the new body; left out, application/json, or text/plain for text.',
        },
      },
    },
    enrich,
    split: {
      type: 'object',
      description: 'Goes on with each item of an array as a message of its own.',
      additionalProperties: false,
      required: ['items'],
      properties: { items: expression('The array.') },
    },
    aggregate,
    route,
    wireTap: {
      type: 'object',
      description: 'Sends a copy to a watcher; the message itself goes on.',
      additionalProperties: false,
      properties: { to: { ...destination, description: 'Where to; left out, the stream soa.tap.' } },
    },
    throttle: {
      type: 'object',
      description: 'Lets no more messages pass in any trailing period than this; the others wait.',
      additionalProperties: false,
      required: ['rate'],
      properties: {
        rate: {
          type: 'string',
          maxLength: 32,
          pattern: '^[1-9][0-9]{0,6}/([0-9]{1,5}(h|m|s|ms)){1,4}$',
          description: 'Such as 10/1s: a count, a slash, a duration.',
        },
      },
    },
    dedupe: {
      type: 'object',
      description: 'Drops messages whose key was seen before.',
      additionalProperties: false,
      required: ['key'],
      properties: {
        key: template('What copies have in common, such as {% $message.id %}.'),
        window: { ...duration('How long a key is remembered.', ['100ms', '24h']), default: '10m' },
      },
    },
  },
  'x-kubernetes-validations': [exactlyOneOf(KINDS_OF_STEP)],
} as const

export const steps = {
  type: 'array',
  description: 'What is done with each message, in order.',
  maxItems: MAX_STEPS,
  default: [],
  'x-kubernetes-list-type': 'atomic',
  items: step,
} as const

/** Rules over all steps of a spec. */
export const stepRules: readonly Rule[] = [
  {
    rule: 'self.steps.all(a, !has(a.name) || self.steps.exists_one(b, has(b.name) && b.name == a.name))',
    message: 'names of steps must be unique',
    reason: 'FieldValueInvalid',
    fieldPath: '.steps',
  },
  ...(['aggregate', 'throttle', 'dedupe'] as const).map(atMostOne),
  // What is collected is acknowledged as it came: a part of a message cannot be held while the rest goes on.
  neverAfter('aggregate', 'split'),
  // They count messages as they come, and hold or drop each as a whole.
  ...(['throttle', 'dedupe'] as const).flatMap((kind) => [neverAfter(kind, 'split'), neverAfter(kind, 'aggregate')]),
  {
    rule: 'self.steps.all(s, !has(s.aggregate) || s.aggregate.size <= self.prefetch)',
    message: 'size of an aggregate must not exceed spec.prefetch: a group is held in hand',
    reason: 'FieldValueInvalid',
    fieldPath: '.steps',
  },
]

function atMostOne(kind: KindOfStep): Rule {
  return {
    rule: `size(self.steps.filter(s, has(s.${kind}))) <= 1`,
    message: `at most one step may be of kind ${kind}`,
    reason: 'FieldValueInvalid',
    fieldPath: '.steps',
  }
}

// CEL knows no place in a list but by number, and has() takes no number: hence the numbers, and lists of booleans.
function neverAfter(later: KindOfStep, earlier: KindOfStep): Rule {
  const places = `[${Array.from({ length: MAX_STEPS }, (_none, i) => i).join(',')}]`
  const has = (kind: KindOfStep, place: string) => `self.steps.map(s, has(s.${kind}))[${place}]`
  const pair = `j >= size(self.steps) || i >= j || !(${has(earlier, 'i')} && ${has(later, 'j')})`
  const either = `!self.steps.exists(s, has(s.${earlier})) || !self.steps.exists(s, has(s.${later}))`
  return {
    rule: `${either} || ${places}.all(i, ${places}.all(j, ${pair}))`,
    message: `no step of kind ${later} may stand after one of kind ${earlier}`,
    reason: 'FieldValueInvalid',
    fieldPath: '.steps',
  }
}
