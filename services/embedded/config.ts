import { type ConfigOf, flag, oneOf, port, text, whole } from '#lib/config.ts'

export const settings = {
  host: text('SOAPLANE_HOST', '127.0.0.1', 'address to listen on'),
  gatewayPort: port('SOAPLANE_GATEWAY_PORT', 8080, 'port of the gateway'),
  registryPort: port('SOAPLANE_REGISTRY_PORT', 8081, 'port of the registry'),
  controllerPort: port('SOAPLANE_CONTROLLER_PORT', 8082, "port of the controller's API"),
  gatewayControlPort: port(
    'SOAPLANE_GATEWAY_CONTROL_PORT',
    8090,
    "port of the gateway's /readyz, /metrics, /routes and /explain",
  ),
  esbPort: port('SOAPLANE_ESB_PORT', 8083, "port of the bus's /routes, /dead-letters, /asyncapi.json and /metrics"),
  examplesPort: whole(
    'SOAPLANE_EXAMPLES_PORT',
    0,
    'port of the first example service, one more for each of the next; 0 lets the system choose',
    [0, 65_000],
  ),
  folder: text('SOAPLANE_FOLDER', '.soaplane/resources', 'directory of YAML with your resources; watched'),
  samples: flag('SOAPLANE_SAMPLES', true, 'run the example services and apply k8s/samples'),
  broker: oneOf(
    'SOAPLANE_BROKER',
    ['auto', 'docker', 'debian', 'none'],
    'auto',
    'which RabbitMQ to start when AMQP_URL is not set',
  ),
  amqpUrl: text('AMQP_URL', undefined, 'an existing RabbitMQ to use, amqp://user:password@host:port'),
  amqpPort: port('SOAPLANE_AMQP_PORT', 5672, 'port of the RabbitMQ that is started'),
  brokerFolder: text('SOAPLANE_BROKER_FOLDER', '.soaplane/rabbitmq', "data of Debian's RabbitMQ, kept between runs"),
  logFormat: oneOf('SOAPLANE_LOG_FORMAT', ['text', 'json'], 'text', 'how to log'),
  logLevel: oneOf('SOAPLANE_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'warn', 'least level to log'),
} as const

export type EmbeddedConfig = ConfigOf<typeof settings>

/** Whether there will be a RabbitMQ; without one there is no bus. */
export function hasBroker({ amqpUrl, broker }: Pick<EmbeddedConfig, 'amqpUrl' | 'broker'>): boolean {
  return amqpUrl !== undefined || broker !== 'none'
}
