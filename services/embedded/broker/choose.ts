/** What decides which RabbitMQ a run uses. */
export interface BrokerFacts {
  readonly wanted: 'auto' | 'docker' | 'debian' | 'none'
  /** A broker of the user's own. */
  readonly amqpUrl: string | undefined
  /** A Docker daemon answers. */
  readonly docker: boolean
  /** A RabbitMQ server is on this machine. */
  readonly installed: boolean
  /** apt-get is here and may install. */
  readonly installable: boolean
}

export type BrokerWay = 'docker' | 'installed' | 'install'

export type BrokerChoice =
  | { readonly kind: 'given'; readonly url: string }
  | { readonly kind: 'none' }
  /** In this order, until one starts. */
  | { readonly kind: 'start'; readonly ways: readonly [BrokerWay, ...BrokerWay[]] }
  | { readonly kind: 'impossible'; readonly why: string }

/** A broker that is given beats all; else the user's wish; else the first way that can work here. */
export function chooseBroker({ wanted, amqpUrl, docker, installed, installable }: BrokerFacts): BrokerChoice {
  if (amqpUrl !== undefined) return { kind: 'given', url: amqpUrl }
  if (wanted === 'none') return { kind: 'none' }
  const debian: readonly BrokerWay[] = installed ? ['installed'] : installable ? ['install'] : []
  const ways: readonly BrokerWay[] = [
    ...(docker && wanted !== 'debian' ? (['docker'] as const) : []),
    ...(wanted === 'docker' ? [] : debian),
  ]
  const [first, ...rest] = ways
  return first === undefined ? { kind: 'impossible', why: whyNot(wanted) } : { kind: 'start', ways: [first, ...rest] }
}

function whyNot(wanted: BrokerFacts['wanted']): string {
  if (wanted === 'docker') return 'no Docker daemon answers'
  if (wanted === 'debian') return 'rabbitmq-server is not installed and cannot be installed from here'
  return 'no Docker daemon answers, and rabbitmq-server is not installed and cannot be installed from here'
}

/** The one line for whoever has no broker: three ways to get one, and one to do without. */
export function howToGetOne(why: string): string {
  return `No RabbitMQ: ${why}. Set AMQP_URL to one, or start Docker, or run "sudo apt-get install rabbitmq-server"; or go on without: --broker none`
}
