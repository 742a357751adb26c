import type { Destination, RouteSource } from '#lib/model/esb.ts'
import { SEED_EXCHANGE } from '../topology/names.ts'
import { idOf, type Reference, refTo } from './names.ts'

const AMQP = '0.3.0'

/** A channel of the document, without its messages. https://www.asyncapi.com/docs/reference/specification/v3.0.0#channelObject */
export interface Channel {
  readonly id: string
  /** Null: known only at runtime. */
  readonly address: string | null
  readonly servers: readonly Reference[]
  readonly description?: string
  readonly bindings?: object
}

const onBroker = [refTo('servers', 'broker')]
const onBus = [refTo('servers', 'bus')]
const onService = [refTo('servers', 'services')]

/** Where messages of a source come in: one channel a key, since who sends chooses the key. */
export function sourceChannels({ exchange, type, keys }: RouteSource): readonly Channel[] {
  const durable = exchange !== SEED_EXCHANGE
  // A fanout looks at no key.
  return (keys.length === 0 ? [''] : keys).map((key) => exchangeChannel({ name: exchange, type, durable }, key))
}

export function httpChannel(namespace: string, object: string): Channel {
  return { id: idOf('http', namespace, object), address: `/messages/${object}`, servers: onBus }
}

/** An address has no query; a binding says it. */
export function inNamespace(namespace: string): object {
  return { type: 'object', properties: { namespace: { type: 'string', const: namespace } } }
}

/** Where a destination leads; that of another route is named by its queue, whose type the broker needs not tell. */
export function destinationChannel(
  to: Destination,
  namespace: string,
  queueOf: (route: string) => string | undefined,
): Channel {
  switch (to.kind) {
    case 'exchange':
      return exchangeChannel({ name: to.exchange }, to.key)
    case 'queue':
      return queueChannel(to.queue, {})
    case 'route':
      return queueChannel(queueOf(to.route) ?? to.route, { 'x-soaplane-queue-type': 'quorum' })
    case 'service': {
      const description = `${to.method} of service ${to.serviceName}, found through the registry`
      return {
        id: idOf('service', to.service, to.method, to.path),
        ...address(to.path),
        servers: onService,
        description,
      }
    }
    case 'webSocket': {
      const bindings = { ws: { method: 'GET', query: inNamespace(namespace), bindingVersion: '0.1.0' } }
      const id = idOf('webSocket', namespace, to.channel)
      return { id, ...address(`/channels/${to.channel}`), servers: onBus, bindings }
    }
    default:
      return to satisfies never
  }
}

interface Exchange {
  readonly name: string
  readonly type?: string
  readonly durable?: boolean
}

function exchangeChannel(exchange: Exchange, key: string): Channel {
  const amqp = { is: 'routingKey', exchange: { ...exchange, vhost: '/' }, bindingVersion: AMQP }
  return { id: idOf('exchange', exchange.name, key), ...address(key), servers: onBroker, bindings: { amqp } }
}

function queueChannel(name: string, more: object): Channel {
  const amqp = { is: 'queue', queue: { name, durable: true, vhost: '/' }, ...more, bindingVersion: AMQP }
  return { id: idOf('queue', name), address: name, servers: onBroker, bindings: { amqp } }
}

/** What is made of each message has no address beforehand. */
function address(text: string): { readonly address: string | null; readonly 'x-soaplane-template'?: string } {
  return text.includes('{%') ? { address: null, 'x-soaplane-template': text } : { address: text }
}
