import { reasonOf } from '#lib/error.ts'
import type { ClusterNode } from '../broker/cluster.ts'
import { cutConsumers, memoryAlarm } from '../broker/faults.ts'
import type { TestBroker } from '../broker.ts'
import type { BusProcess } from '../esb.ts'
import { eventually } from '../eventually.ts'
import { type LedgerBed, ROUTE_QUEUE } from './bed.ts'

/** Something that breaks, and is mended again when `strike` resolves. */
export interface Fault {
  readonly name: string
  readonly strike: () => Promise<void>
}

/** In an order that the seed decides, each once before any comes again. */
export function* schedule(faults: readonly Fault[], random: () => number): Generator<Fault, never> {
  for (;;) {
    const round = faults.map((fault) => ({ fault, place: random() })).sort((a, b) => a.place - b.place)
    for (const { fault } of round) yield fault
  }
}

/** kill -9 of one replica of the bus, and its start. */
export function killReplica(replicas: readonly BusProcess[], random: () => number): Fault {
  return {
    name: 'kill -9 of a replica of the bus',
    async strike() {
      const replica = replicas[Math.floor(random() * replicas.length)] as BusProcess
      await replica.kill('SIGKILL')
      await replica.start()
    },
  }
}

export function killBroker(broker: TestBroker): Fault {
  return {
    name: 'kill -9 of the broker',
    async strike() {
      await broker.kill()
      await broker.restart()
    },
  }
}

export function stopBroker(broker: TestBroker): Fault {
  return {
    name: 'stop and start of the broker',
    async strike() {
      await broker.shutDown()
      await broker.restart()
    },
  }
}

/** Until somebody who publishes has been told. */
export function raiseMemoryAlarm(broker: TestBroker, isBlocked: () => boolean): Fault {
  return {
    name: 'memory alarm',
    async strike() {
      await memoryAlarm.raise(broker)
      try {
        await eventually(isBlocked, { timeoutMs: 30_000 })
      } finally {
        await memoryAlarm.lift(broker)
      }
    },
  }
}

/** Those who read that queue are disconnected. */
export function cutConsumersOf(broker: TestBroker, queue: string): Fault {
  return {
    name: `consumers of ${queue} cut off`,
    async strike() {
      // Who has just come is not yet in the broker's lists.
      await eventually(async () => (await cutConsumers(broker, queue)) > 0, { timeoutMs: 30_000, everyMs: 250 })
    },
  }
}

export function killNode(node: ClusterNode): Fault {
  return {
    name: `kill -9 of ${node.name}`,
    async strike() {
      await node.kill()
      await node.restart()
    },
  }
}

/** Says which fault it was that could not be mended. */
export async function struck(fault: Fault): Promise<string> {
  try {
    await fault.strike()
    return fault.name
  } catch (error) {
    throw new Error(`${fault.name}: ${reasonOf(error)}`, { cause: error })
  }
}

/** All that one broker, and the replicas of the bus on it, can suffer. */
export function brokerFaults(broker: TestBroker) {
  return ({ bus, sender }: LedgerBed, random: () => number): readonly Fault[] => [
    killReplica(bus.replicas, random),
    killBroker(broker),
    stopBroker(broker),
    raiseMemoryAlarm(broker, () => sender.state().phase === 'blocked'),
    cutConsumersOf(broker, ROUTE_QUEUE),
  ]
}
