import { afterAll, beforeAll } from 'vitest'
import { connections, type TestConnection } from './amqp.ts'
import { startBroker, type TestBroker } from './broker.ts'
import { type Bus, type BusOptions, startBus } from './esb.ts'
import { type BusClient, busClient } from './esb-client.ts'

/** A broker and a bus of one test file, started before its tests and stopped after them. */
export interface BusBed {
  readonly broker: TestBroker
  readonly bus: Bus
  /** A connection of its own, closed with the test. */
  readonly connect: () => Promise<TestConnection>
  /** A client on such a connection. */
  readonly client: () => Promise<BusClient>
}

/** Call it once in the file; broker and bus are there within tests and hooks. */
export function busBed(options: Omit<BusOptions, 'amqpUrl'>): BusBed {
  let broker: TestBroker
  let bus: Bus
  const connection = connections(() => broker.url)
  async function connect(): Promise<TestConnection> {
    const made = connection()
    await made.start()
    return made
  }
  beforeAll(async () => {
    broker = await startBroker()
    bus = await startBus({ amqpUrl: broker.url, ...options })
  })
  afterAll(async () => {
    await bus?.stop()
    await broker?.stop()
  })
  return {
    get broker() {
      return broker
    },
    get bus() {
      return bus
    },
    connect,
    client: async () => busClient(await connect()),
  }
}

/** A route's destination: a queue of that name. */
export function toQueueNamed(queue: string): readonly object[] {
  return [{ queue: { name: queue } }]
}
