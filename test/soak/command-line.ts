import { parseArgs } from 'node:util'
import { BROKER_VERSIONS, type BrokerVersion } from '../kit/broker.ts'

export interface SoakOptions {
  readonly count: number
  readonly minutes: number
  readonly seed: number
  readonly broker: BrokerVersion | 'cluster'
}

const HELP = `make soak ARGS='[--count …] [--minutes …] [--seed …] [--broker …]'
  --count    messages, 100000
  --minutes  to send them in, 4; what breaks breaks as often as that allows
  --seed     of the load, the service's failures and the order of faults, 1
  --broker   ${[...BROKER_VERSIONS, 'cluster'].join(', ')}; 3.10 if left out
Nothing may be lost: ends with 1 when something is.`

/** What the command line asks for, or what to say instead. */
export function readArguments(argv: readonly string[]): SoakOptions | { readonly say: string; readonly status: 0 | 1 } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        count: { type: 'string', default: '100000' },
        minutes: { type: 'string', default: '4' },
        seed: { type: 'string', default: '1' },
        broker: { type: 'string', default: '3.10' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return { say: HELP, status: 0 }
    return {
      count: whole('count', values.count, 100_000_000),
      minutes: whole('minutes', values.minutes, 10_000),
      seed: whole('seed', values.seed, 2 ** 31),
      broker: brokerOf(values.broker),
    }
  } catch (error) {
    return { say: `soak: ${(error as Error).message}`, status: 1 }
  }
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new Error(`--${name} is a whole number from 1 to ${most}, not ${text}`)
}

function brokerOf(text: string): SoakOptions['broker'] {
  const found = ([...BROKER_VERSIONS, 'cluster'] as const).find((each) => each === text)
  if (found === undefined) throw new Error(`--broker is one of ${BROKER_VERSIONS.join(', ')}, cluster, not ${text}`)
  return found
}
