import { answers, type Body, header, type Operation, type Parameter, query, ref } from './operation.ts'
import { DEFAULT_LIMIT, HEALTHS, MAX_LIMIT } from './schemas.ts'

const name: Parameter = {
  name: 'name',
  in: 'path',
  required: true,
  description: 'Registry name, such as ServiceA.',
  schema: { type: 'string' },
}
const namespace = query('namespace', 'Namespace of the service; the default one if left out.')
const instance = query('instance', 'One instance of the service.')
const version = query('version', 'A version, or a semver range such as 1.x.')

const refusal = (description: string): Body => answers(description, ref('Refusal'))
const problem = (description: string): Body => answers(description, ref('Problem'), 'application/problem+json')

const ofCopy = {
  'Soaplane-Index': { description: 'Position of the copy that was answered from.', schema: { type: 'string' } },
  'Soaplane-Stale': {
    description: 'Present while the controller is out of reach: for how many seconds.',
    schema: { type: 'integer' },
  },
}
const unfilled = problem('The registry has no copy of the model yet.')
const denied = {
  401: refusal('No token, or one that is not known.'),
  403: refusal('This user may not register.'),
}
const security = [{}, { registrant: [] }]

export const registerOperation: Operation = {
  operationId: 'register',
  summary: 'Register a service, or one instance of it',
  description:
    'An upsert by name and instance: what is left out stays as it is, but for the lease, which ends without a ttl. ' +
    'Owner, contract, metadata and health belong to the service, version and ttl to the instance. ' +
    'Answered once discovery on this registry shows it. Registering the same again renews the lease and writes nothing.',
  tags: ['registration'],
  parameters: [],
  security,
  requestBody: { required: true, content: { 'application/json': { schema: ref('Registration') } } },
  responses: {
    201: answers('Registered.', ref('Message')),
    400: refusal('The body says what is wrong with the registration.'),
    ...denied,
    404: refusal('There is no such namespace.'),
    409: refusal('The name is held by a declared service.'),
    413: refusal('The body is over 64 KiB.'),
    415: refusal('The body is not application/json.'),
    503: refusal('It cannot be stored now.'),
  },
}

export const withdrawOperation: Operation = {
  operationId: 'deregister',
  summary: 'Delete a registration, or one instance of it',
  tags: ['registration'],
  parameters: [name, namespace, query('instance', 'The instance to delete; all of them if left out.')],
  security,
  responses: {
    200: answers('Deleted.', ref('Message')),
    400: refusal('No name can look like this.'),
    ...denied,
    404: refusal('There is no such service or instance.'),
    409: refusal('The name is held by a declared service.'),
    503: refusal('It cannot be deleted now.'),
  },
}

export const renewOperation: Operation = {
  operationId: 'renew',
  summary: 'Renew the lease of an instance',
  tags: ['registration'],
  parameters: [name, namespace, query('instance', 'The instance; `default` if left out.')],
  security,
  responses: {
    200: answers('Renewed for another ttl.', ref('Renewed')),
    ...denied,
    404: refusal('There is no such service or instance: register it again.'),
    409: refusal('The instance has no lease.'),
    503: refusal('The registry has no copy of the model yet.'),
  },
}

export const discoverOperation: Operation = {
  operationId: 'discover',
  summary: 'Find one endpoint of a service, in turn among the healthy ones',
  tags: ['discovery'],
  parameters: [name, namespace, version, instance],
  responses: {
    200: {
      ...answers('One endpoint; unchecked ones only when none is known to be healthy.', ref('Discovered')),
      headers: {
        ...ofCopy,
        'Soaplane-Health': { description: '`unknown` when nobody has checked it.', schema: { const: 'unknown' } },
      },
    },
    404: refusal('There is no such service, version or instance.'),
    409: refusal('Several namespaces have the name, and the default one does not.'),
    503: refusal('No instance is healthy, or the registry has no copy of the model yet.'),
  },
}

export const pageOperation: Operation = {
  operationId: 'services',
  summary: 'The inventory, in pages',
  description: 'Also `metadata.<label>=<value>`, any number of them. Filters are joined by AND.',
  tags: ['inventory'],
  parameters: [
    query('namespace', 'Services of this namespace.'),
    query('owner', 'Services of this owner.'),
    query('version', 'Services that offer a version, or one within a semver range.'),
    query('health', 'Services whose best endpoint is so.', { type: 'string', enum: HEALTHS }),
    query('limit', 'Services on a page.', {
      type: 'integer',
      minimum: 1,
      maximum: MAX_LIMIT,
      default: DEFAULT_LIMIT,
    }),
    query('continue', 'What the last page ended with.'),
  ],
  responses: {
    200: { ...answers('A page.', ref('ServicePage')), headers: ofCopy },
    400: problem('A parameter is not what it should be.'),
    503: unfilled,
  },
}

export const serviceOperation: Operation = {
  operationId: 'service',
  summary: 'One service of the inventory',
  tags: ['inventory'],
  parameters: [name, namespace],
  responses: {
    200: { ...answers('The service.', ref('ServiceItem')), headers: ofCopy },
    404: problem('There is no such service.'),
    409: problem('Several namespaces have the name, and the default one does not.'),
    503: unfilled,
  },
}

export const targetsOperation: Operation = {
  operationId: 'prometheusTargets',
  summary: 'Every endpoint as a target of Prometheus http_sd',
  tags: ['inventory'],
  parameters: [],
  responses: { 200: { ...answers('The whole list.', ref('TargetGroups')), headers: ofCopy }, 503: unfilled },
}

export const watchOperation: Operation = {
  operationId: 'watch',
  summary: 'Endpoints with their health, and each change of them',
  description:
    'Three ways: a WebSocket (a frame is one JSON text), Server-Sent Events (`Accept: text/event-stream`, a frame is the ' +
    'data of one event, its id the index), or a long poll (anything else, one frame per request). The first frame is a ' +
    'snapshot, or what changed since `index`. The index begins with an epoch that ends with the registry process: an ' +
    'index of another epoch, or one too old, is answered by a snapshot.',
  tags: ['discovery'],
  parameters: [
    query('service', 'Only the services of this registry name.'),
    query('index', 'The index that the last frame carried.'),
    query('wait', 'How long a long poll waits for news, a duration or seconds.', {
      type: 'string',
      default: '5m',
      examples: ['30s', '30'],
    }),
    header('Last-Event-ID', 'The index, as EventSource sends it when it reconnects.'),
  ],
  responses: {
    101: { description: 'A WebSocket.' },
    200: {
      description: 'One frame, or a stream of events.',
      headers: ofCopy,
      content: {
        'application/json': { schema: ref('WatchFrame') },
        'text/event-stream': { schema: { type: 'string' } },
      },
    },
    400: problem('`wait` is not what it should be.'),
    503: problem('Too many watchers, or the registry has no copy of the model yet.'),
  },
}

export const renewalsOperation: Operation = {
  operationId: 'peerRenewals',
  summary: 'What replicas of the registry tell each other of leases',
  tags: ['platform'],
  parameters: [],
  security: [{}, { control: [] }],
  requestBody: { required: true, content: { 'application/json': { schema: ref('Renewals') } } },
  responses: {
    204: { description: 'Taken.' },
    400: problem('The body is not what it should be.'),
    401: problem('The control token is missing or wrong.'),
    413: problem('The body is too large.'),
    415: problem('The body is not application/json.'),
  },
}

const plain = (description: string): Body => answers(description, { type: 'string' }, 'text/plain')
const platform = { tags: ['platform'], parameters: [] }

export const documentOperation: Operation = {
  ...platform,
  operationId: 'openapi',
  summary: 'This document',
  responses: { 200: answers('OpenAPI 3.1.', { type: 'object' }) },
}

/** Of the process contract (DESIGN §7), which every deployable has: lib/http.ts serves them. */
export const processOperations: Readonly<Record<string, Operation>> = {
  '/livez': { ...platform, operationId: 'livez', summary: 'Alive', responses: { 200: plain('It is.') } },
  '/readyz': {
    ...platform,
    operationId: 'readyz',
    summary: 'Ready to serve',
    responses: { 200: plain('It is.'), 503: plain('Not yet, or no longer; a reason a line.') },
  },
  '/metrics': {
    ...platform,
    operationId: 'metrics',
    summary: 'Metrics in the Prometheus exposition format',
    responses: { 200: plain('The metrics.') },
  },
}
