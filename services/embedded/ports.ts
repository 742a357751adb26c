import { SoaError } from '#lib/error.ts'
import { EXAMPLES } from '#services/examples/parts.ts'
import { isTaken } from './broker/free-ports.ts'
import { type EmbeddedConfig, hasBroker, settings } from './config.ts'

/** A port that a run needs, and the setting that says which. */
interface Wish {
  readonly host: string
  readonly port: number
  readonly who: string
  readonly setting: keyof typeof settings
  /** Another way out than another port. */
  readonly or?: string
}

/** Looks at every port before anything is started: a taken one is one line, which says how to choose another. */
export async function refuseTakenPorts(config: EmbeddedConfig): Promise<void> {
  const wishes = wishesOf(config).filter(({ port }) => port !== 0)
  const first = new Map<number, Wish>()
  for (const wish of wishes) {
    const other = first.get(wish.port)
    if (other !== undefined) {
      throw new SoaError(
        'SOA_CONFIG_INVALID',
        `Port ${wish.port} is wanted by both ${other.who} and ${wish.who}: ${another(wish)}`,
      )
    }
    first.set(wish.port, wish)
  }
  for (const wish of wishes) {
    if (!(await isTaken(wish.port, wish.host))) continue
    const or = wish.or === undefined ? '' : `, ${wish.or}`
    throw new SoaError(
      'SOA_PORT_TAKEN',
      `Port ${wish.port} is taken and ${wish.who} needs it: free it${or}, or ${another(wish)}`,
    )
  }
}

function wishesOf(config: EmbeddedConfig): readonly Wish[] {
  const { host } = config
  const startsBroker = config.amqpUrl === undefined && hasBroker(config)
  const examples = config.samples && config.examplesPort !== 0 ? EXAMPLES.length : 0
  return [
    { host, port: config.gatewayPort, who: 'the gateway', setting: 'gatewayPort' },
    { host, port: config.registryPort, who: 'the registry', setting: 'registryPort' },
    { host, port: config.controllerPort, who: 'the controller', setting: 'controllerPort' },
    { host, port: config.gatewayControlPort, who: "the gateway's control API", setting: 'gatewayControlPort' },
    ...(hasBroker(config) ? [{ host, port: config.esbPort, who: 'the bus', setting: 'esbPort' } as const] : []),
    ...Array.from(
      { length: examples },
      (_none, i): Wish => ({
        host,
        port: config.examplesPort + i,
        who: 'an example service',
        setting: 'examplesPort',
      }),
    ),
    ...(startsBroker
      ? [
          {
            host: '127.0.0.1',
            port: config.amqpPort,
            who: 'RabbitMQ',
            setting: 'amqpPort',
            or: 'set AMQP_URL if it is a RabbitMQ to use',
          } as const,
        ]
      : []),
  ]
}

function another({ setting }: Wish): string {
  const flag = setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return `choose another with --${flag} or ${settings[setting].env}`
}
