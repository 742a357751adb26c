import { brokerName, duration, exactlyOneOf, headers, METHODS, path, registryName, template } from './texts.ts'

/** Where a message goes: one way out of a route. */
export const destination = {
  type: 'object',
  additionalProperties: false,
  properties: {
    exchange: {
      type: 'object',
      description: 'An exchange of the broker, which must be there.',
      additionalProperties: false,
      required: ['key'],
      properties: {
        name: { ...brokerName('Name of the exchange.'), default: 'esb_exchange' },
        key: {
          type: 'string',
          maxLength: 1024,
          description: 'Routing key, a template; what it gives may be up to 255 bytes long.',
        },
      },
    },
    queue: {
      type: 'object',
      description: 'A queue of the broker, which must be there.',
      additionalProperties: false,
      required: ['name'],
      properties: { name: brokerName('Name of the queue.') },
    },
    service: {
      type: 'object',
      description: 'A call of a service; an answer of 2xx takes the message.',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: registryName,
        method: { type: 'string', enum: METHODS, default: 'POST' },
        path,
        timeout: { ...duration('A slower answer counts as none.', ['10ms', '2m']), default: '5s' },
        headers,
      },
    },
    webSocket: {
      type: 'object',
      description: 'Whoever listens to a channel at /channels.',
      additionalProperties: false,
      required: ['channel'],
      properties: { channel: template('Name of the channel, a template.', 255) },
    },
    route: {
      type: 'object',
      description: 'Another MessageRoute of the same namespace.',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 253, description: 'metadata.name of the MessageRoute.' },
      },
    },
    format: {
      type: 'string',
      enum: ['AsReceived', 'Plain', 'CloudEventsBinary', 'CloudEventsStructured'],
      default: 'AsReceived',
      description: 'AsReceived: plain stays plain, a CloudEvent stays one of its mode.',
    },
  },
  'x-kubernetes-validations': [exactlyOneOf(['exchange', 'queue', 'service', 'webSocket', 'route'])],
} as const

export function destinations<const N extends number>(description: string, maxItems: N) {
  return {
    type: 'array',
    description,
    minItems: 1,
    maxItems,
    'x-kubernetes-list-type': 'atomic',
    items: destination,
  } as const
}
