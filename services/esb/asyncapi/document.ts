import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { destinationsOf } from '../http/summary.ts'
import { type Channel, destinationChannel, httpChannel, inNamespace, sourceChannels } from './channels.ts'
import { type DocumentMessage, givenBy, takenBy } from './messages.ts'
import { idOf, refTo } from './names.ts'

/** One route as the document needs it. */
export interface Described {
  readonly key: string
  readonly entry: MessageRouteEntry
  readonly queue: string
}

/** An operation: what the bus does at a channel with which message. */
interface Doing {
  readonly id: string
  readonly action: 'receive' | 'send'
  readonly channel: Channel
  readonly message: DocumentMessage
  readonly more?: object
}

/** The routes as an AsyncAPI 3.0.0 document, seen from the bus: it receives from sources and sends to destinations. */
export function asyncApi(routes: readonly Described[], version: string): object {
  const sorted = [...routes].sort((a, b) => (a.key < b.key ? -1 : 1))
  const queues = new Map(sorted.map(({ key, queue }) => [key, queue]))
  const doings = sorted.flatMap((route) => [...receives(route), ...sends(route, queues)])
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Soaplane enterprise service bus',
      version,
      description: 'Every message route of this replica: where its messages come from, and where they go.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers,
    channels: channelsOf(doings),
    operations: Object.fromEntries(doings.map((doing) => [doing.id, operationOf(doing)])),
    components: { messages: Object.fromEntries(doings.map(({ message }) => [messageId(message), message])) },
  }
}

/** Where they are is the reader's own knowledge: it differs inside and outside of the cluster. */
const servers = {
  broker: {
    host: '{broker}',
    protocol: 'amqp',
    protocolVersion: '0-9-1',
    variables: { broker: { default: 'localhost:5672', description: 'Address of RabbitMQ' } },
  },
  bus: {
    host: '{gateway}',
    protocol: 'http',
    variables: { gateway: { default: 'localhost:8080', description: 'Address of the gateway' } },
  },
  services: {
    host: '{service}',
    protocol: 'http',
    variables: { service: { default: 'localhost', description: 'An endpoint of the service, from the registry' } },
  },
}

function receives(route: Described): readonly Doing[] {
  const { entry, queue } = route
  const { namespace, object, source, http } = entry
  const message = takenBy(entry)
  const more = { 'x-soaplane-queue': queue, 'x-soaplane-queue-type': 'quorum' }
  const overAmqp = (source === undefined ? [] : sourceChannels(source)).map((channel, index): Doing => {
    const bindings = { amqp: { ack: true, bindingVersion: '0.3.0' } }
    const id = idOf(namespace, object, 'receive', String(index))
    return { id, action: 'receive', channel, message, more: { ...more, bindings } }
  })
  if (!http) return overAmqp
  const bindings = { http: { method: 'POST', query: inNamespace(namespace), bindingVersion: '0.3.0' } }
  const id = idOf(namespace, object, 'receive', 'http')
  return [
    ...overAmqp,
    { id, action: 'receive', channel: httpChannel(namespace, object), message, more: { ...more, bindings } },
  ]
}

function sends({ entry }: Described, queues: ReadonlyMap<string, string>): readonly Doing[] {
  const { namespace, object } = entry
  const message = givenBy(entry)
  return destinationsOf(entry).map((to, index): Doing => {
    const id = idOf(namespace, object, 'send', String(index))
    const channel = destinationChannel(to, namespace, (route) => queues.get(route))
    const http = to.kind === 'service' && { http: { method: to.method, bindingVersion: '0.3.0' } }
    const bindings =
      http || (to.kind !== 'webSocket' && { amqp: { deliveryMode: 2, mandatory: true, bindingVersion: '0.3.0' } })
    return { id, action: 'send', channel, message, more: { ...(bindings && { bindings }) } }
  })
}

function channelsOf(doings: readonly Doing[]): object {
  const channels: Record<string, { readonly messages: Record<string, object> }> = {}
  for (const { channel, message } of doings) {
    const { id, ...rest } = channel
    const known = channels[id] ?? { ...rest, messages: {} }
    known.messages[messageId(message)] = refTo('components', 'messages', messageId(message))
    channels[id] = known
  }
  return channels
}

function operationOf({ action, channel, message, more }: Doing): object {
  const messages = [refTo('channels', channel.id, 'messages', messageId(message))]
  return { action, channel: refTo('channels', channel.id), messages, ...more }
}

function messageId({ name }: DocumentMessage): string {
  return idOf(name)
}
