import { amqpAddress } from '#lib/amqp/address.ts'
import type { MainEnv } from '#lib/main.ts'
import { type Broker, broker } from './broker/broker.ts'
import type { EmbeddedConfig } from './config.ts'
import type { Say } from './telling.ts'

export interface Messaging {
  readonly broker: Broker
  /** Where the broker is, without credentials. */
  readonly shown: () => string | undefined
}

export function messagingOf(config: EmbeddedConfig, { log }: MainEnv, say: Say): Messaging {
  const { broker: wanted, amqpUrl, amqpPort, brokerFolder } = config
  const rabbit = broker({
    ...{ wanted, amqpUrl, port: amqpPort, dir: brokerFolder, log },
    progress: (line) => say(`  ${line}`),
  })
  return {
    broker: rabbit,
    shown() {
      const url = rabbit.url()
      return url === undefined ? undefined : amqpAddress(url).shown
    },
  }
}
