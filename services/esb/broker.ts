import { type Amqp, createAmqp } from '#lib/amqp.ts'
import { SoaError } from '#lib/error.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Part } from '#lib/run.ts'

/** The two connections of the bus: an alarm blocks whole connections, and what is consumed must still be settled then. */
export interface Broker {
  readonly publishing: Amqp
  readonly consuming: Amqp
  /** In the order of their start. */
  readonly parts: readonly Part[]
}

interface BrokerEnv {
  readonly log: Log
  readonly metrics: Metrics
  readonly random: () => number
}

/** Addresses apart by commas are tried in turn, so that one node of a cluster that is gone is not waited for. */
export function openBroker(amqpUrl: string | undefined, env: BrokerEnv): Broker {
  const urls = (amqpUrl ?? '').split(',').map((each) => each.trim())
  if (urls[0] === '') throw new SoaError('SOA_CONFIG_INVALID', 'AMQP_URL is not set: the bus needs a broker')
  const inTurn = (): (() => string) => {
    let turn = 0
    return () => urls[turn++ % urls.length] as string
  }
  const connect = (name: string) => createAmqp({ name, url: inTurn(), ...env })
  const [publishing, consuming] = [connect('publishing'), connect('consuming')]
  // Stopped in reverse: consumers leave first, while what they have in hand can still be published.
  return { publishing, consuming, parts: [publishing, consuming] }
}
