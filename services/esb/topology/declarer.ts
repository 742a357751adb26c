import { refusalCode } from '#lib/amqp/refusal.ts'
import type { Amqp, ConfirmChannel } from '#lib/amqp.ts'
import { reasonOf, SoaError } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { type Binding, baseTopology, brokerFault, type Declaration, routeTopology } from './declarations.ts'

/** The only one who declares: everyone else takes what is there. Safe to repeat, and repeated: what somebody deleted comes back. */
export interface Declarer {
  /** Declares what all routes stand on, once until it is forgotten. Throws with the reason when the broker is unfit or refuses. */
  readonly base: () => Promise<void>
  /** Somebody may have deleted it: the next who needs the base declares it anew. A lost connection does the same. */
  readonly forget: () => void
  /** Declares what a route needs, the base first where this connection has not seen it. */
  readonly route: (entry: MessageRouteEntry) => Promise<void>
  readonly unbind: (bindings: readonly Binding[]) => Promise<void>
  /** Deletes a queue that is empty and unused; false when it had to be left. Everything that leads to it must be unbound. */
  readonly remove: (queue: string) => Promise<boolean>
  /** Messages ready in a queue, and its consumers; undefined when there is none of the name. */
  readonly depth: (queue: string) => Promise<Depth | undefined>
}

export interface Depth {
  readonly messages: number
  readonly consumers: number
}

export function createDeclarer(amqp: Amqp, instance: string, log: Log): Declarer {
  let baseDone: Promise<void> | undefined
  function forget(): void {
    baseDone = undefined
  }
  // What a broker that was away has kept is not known: the base is declared anew at each connect.
  amqp.onState(({ phase }) => {
    if (phase === 'down') forget()
  })

  async function base(): Promise<void> {
    const fault = brokerFault(amqp.version())
    if (fault !== undefined) throw new SoaError('SOA_BROKER_FAILED', fault, { status: 503 })
    await declareAll(baseTopology(instance))
  }

  async function declareAll(declarations: readonly Declaration[]): Promise<void> {
    const own = declarations.filter(({ kind }) => kind !== 'foreignExchange')
    for (const each of declarations) if (each.kind === 'foreignExchange') await foreign(each)
    try {
      // All but the last without waiting: a channel does them in order.
      await amqp.once((channel) => Promise.all(own.map((each) => declare(channel, each))))
    } catch (error) {
      if (refusalCode(error) !== 406) throw error
      // One of the queues has other arguments than are asked for now.
      for (const each of own) await reconciled(each)
    }
  }

  /** A queue whose arguments were changed serves as it is: making it anew would lose what arrives meanwhile. */
  async function reconciled(declaration: Declaration): Promise<void> {
    try {
      await amqp.once((channel) => declare(channel, declaration))
    } catch (error) {
      if (declaration.kind !== 'queue' || refusalCode(error) !== 406) throw error
      await amqp.once((channel) => channel.checkQueue(declaration.name))
      log.warn({ queue: declaration.name, error: reasonOf(error) }, 'Queue keeps the arguments it was made with')
    }
  }

  async function foreign({ name, type }: Extract<Declaration, { kind: 'foreignExchange' }>): Promise<void> {
    try {
      await amqp.once((channel) => channel.checkExchange(name))
    } catch (error) {
      if (refusalCode(error) !== 404) throw error
      await amqp.once((channel) => channel.assertExchange(name, type, { durable: true }))
    }
  }

  async function depth(queue: string): Promise<Depth | undefined> {
    try {
      const { messageCount, consumerCount } = await amqp.once((channel) => channel.checkQueue(queue))
      return { messages: messageCount, consumers: consumerCount }
    } catch (error) {
      if (refusalCode(error) === 404) return undefined
      throw error
    }
  }

  // Quorum queues know neither if-empty nor if-unused (540, and the connection is gone): it is looked at first, which is
  // safe once nothing leads to it, for then it cannot fill any more.
  async function remove(queue: string): Promise<boolean> {
    const found = await depth(queue)
    if (found === undefined) return true
    if (found.messages > 0 || found.consumers > 0) return false
    await amqp.once((channel) => channel.deleteQueue(queue))
    return true
  }

  return {
    base() {
      baseDone ??= base().catch((error) => {
        forget()
        throw error
      })
      return baseDone
    },
    forget,
    async route(entry) {
      await this.base()
      await declareAll(routeTopology(entry, amqp.version() ?? ''))
    },
    async unbind(bindings) {
      for (const each of bindings) {
        await amqp
          .once((channel) => unbind(channel, each))
          .catch((error) => {
            // What is gone binds nothing.
            if (refusalCode(error) !== 404) throw error
          })
      }
    },
    remove,
    depth,
  }
}

async function declare(channel: ConfirmChannel, declaration: Declaration): Promise<unknown> {
  switch (declaration.kind) {
    case 'exchange': {
      const { name, type, durable, arguments: args = {} } = declaration
      return channel.assertExchange(name, type, { durable, arguments: { ...args } })
    }
    case 'queue':
      return channel.assertQueue(declaration.name, { durable: true, arguments: { ...declaration.arguments } })
    case 'binding': {
      const { from, key, to } = declaration
      return 'queue' in to ? channel.bindQueue(to.queue, from, key) : channel.bindExchange(to.exchange, from, key)
    }
    case 'foreignExchange':
      throw new SoaError('SOA_INTERNAL', 'A foreign exchange is looked for first')
    default:
      return declaration satisfies never
  }
}

function unbind(channel: ConfirmChannel, { from, key, to }: Binding): Promise<unknown> {
  return 'queue' in to ? channel.unbindQueue(to.queue, from, key) : channel.unbindExchange(to.exchange, from, key)
}
