import { amqpAddress } from '#lib/amqp/address.ts'
import { type Amqp, createAmqp } from '#lib/amqp.ts'
import type { MainEnv } from '#lib/main.ts'
import { type Broker, broker } from './broker/broker.ts'
import type { EmbeddedConfig } from './config.ts'
import type { Say } from './telling.ts'

export interface Messaging {
  readonly broker: Broker
  /** The supervised connection that the bus will use; none without a broker. */
  readonly connection: readonly Amqp[]
  /** Where the broker is, without credentials. */
  readonly shown: () => string | undefined
}

export function messagingOf(config: EmbeddedConfig, { log, metrics, random }: MainEnv, say: Say): Messaging {
  const { broker: wanted, amqpUrl, amqpPort, brokerFolder } = config
  const rabbit = broker({
    ...{ wanted, amqpUrl, port: amqpPort, dir: brokerFolder, log },
    progress: (line) => say(`  ${line}`),
  })
  const isNone = amqpUrl === undefined && wanted === 'none'
  const connection = () => createAmqp({ name: 'bus', url: () => rabbit.url() ?? '', log, metrics, random })
  return {
    broker: rabbit,
    connection: isNone ? [] : [connection()],
    shown() {
      const url = rabbit.url()
      return url === undefined ? undefined : amqpAddress(url).shown
    },
  }
}
