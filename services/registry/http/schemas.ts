import { MAX_RENEWALS } from '../leases/spread.ts'
import { registrationSchema } from '../registration/schema.ts'
import { ref, type Schema } from './operation.ts'

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1_000
export const HEALTHS = ['healthy', 'unhealthy', 'unknown'] as const

const text = { type: 'string' }
const count = { type: 'integer', minimum: 0 }
const seconds = { type: 'number', minimum: 0, description: 'Seconds.' }
const texts = { type: 'object', additionalProperties: text }
const health = { type: 'string', enum: HEALTHS, description: 'unknown: nobody checks it, or not checked yet.' }
const index = { type: 'string', pattern: '^[A-Za-z0-9-]{1,64}\\.[0-9]{1,15}$', description: '<epoch>.<number>' }

/** An object of exactly these properties; a trailing `?` marks one that may be absent. */
function object(properties: Readonly<Record<string, Schema>>, description?: string): Schema {
  const entries = Object.entries(properties)
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    required: entries.map(([name]) => name).filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema])),
    additionalProperties: false,
  }
}

/** The body of POST /peer/renewals. */
export const renewalsSchema = {
  type: 'object',
  required: ['from', 'renewals'],
  properties: {
    from: { type: 'string' },
    renewals: {
      type: 'array',
      maxItems: MAX_RENEWALS,
      items: {
        type: 'object',
        required: ['key', 'instance', 'ageMs'],
        properties: { key: { type: 'string' }, instance: { type: 'string' }, ageMs: { type: 'number', minimum: 0 } },
      },
    },
  },
} as const

const serviceHealth = object({
  key: text,
  namespace: text,
  name: text,
  endpointsRev: text,
  endpoints: { type: 'array', items: object({ instance: text, url: text, 'version?': text, health }) },
})

const serviceItem = object({
  name: text,
  namespace: text,
  object: text,
  origin: { type: 'string', enum: ['declared', 'registered'] },
  'owner?': text,
  'version?': text,
  'contract?': text,
  metadata: texts,
  health: object({ status: health, healthy: count, unhealthy: count, unknown: count }),
  endpoints: {
    type: 'array',
    items: object({
      instance: text,
      url: text,
      'version?': text,
      health,
      'reason?': { type: 'string', enum: ['LeaseExpired', 'NotReady', 'ProbeFailed'] },
      'message?': { type: 'string', description: 'Why the last probe failed.' },
      'ttl?': seconds,
    }),
  },
  createdAt: { type: 'string', format: 'date-time' },
})

const watchFrame = {
  oneOf: [
    object(
      { type: { const: 'snapshot' }, index, services: { type: 'array', items: ref('ServiceHealth') } },
      'Everything: replaces what was known.',
    ),
    object(
      {
        type: { const: 'change' },
        index,
        put: { type: 'array', items: ref('ServiceHealth') },
        drop: { type: 'array', items: text },
      },
      'What changed since the index asked for; nothing when the wait was over.',
    ),
  ],
}

const problem = {
  type: 'object',
  description: 'RFC 9457.',
  required: ['type', 'title', 'status'],
  properties: { type: text, title: text, status: { type: 'integer' }, detail: text, code: text },
}

/** `components.schemas` of the document. */
export const schemas: Readonly<Record<string, Schema>> = {
  Registration: registrationSchema,
  Message: object({ message: text }),
  Renewed: object({ message: text, ttl: seconds }),
  Refusal: object({ error: text }),
  Discovered: object({ service_url: text }),
  ServiceHealth: serviceHealth,
  ServiceItem: serviceItem,
  ServicePage: object({
    services: { type: 'array', items: ref('ServiceItem') },
    'continue?': { type: 'string', description: 'Asks for the next page; absent on the last.' },
  }),
  WatchFrame: watchFrame,
  TargetGroups: { type: 'array', items: object({ targets: { type: 'array', items: text }, labels: texts }) },
  Renewals: renewalsSchema,
  Problem: problem,
}
