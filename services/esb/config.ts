import { type ConfigOf, httpUrl, oneOf, port, text, whole } from '#lib/config.ts'

export const settings = {
  host: text('SOAPLANE_HOST', '0.0.0.0', 'address to listen on'),
  port: port('SOAPLANE_ESB_PORT', 8083, 'port of /messages, /channels and of the control API'),
  amqpUrl: text('AMQP_URL', undefined, 'the broker, amqp://user:password@host:port/vhost; several apart by commas'),
  controllerUrl: httpUrl('SOAPLANE_CONTROLLER_URL', 'http://127.0.0.1:8082', 'the controller'),
  registryUrl: httpUrl('SOAPLANE_REGISTRY_URL', 'http://127.0.0.1:8081', 'the registry'),
  advertisedUrl: httpUrl('SOAPLANE_ADVERTISED_URL', undefined, 'URL at which peers reach this replica'),
  controlToken: text(
    'SOAPLANE_CONTROL_TOKEN',
    undefined,
    'bearer token shown to the controller, and asked of operators',
  ),
  namespace: text('SOAPLANE_DEFAULT_NAMESPACE', 'default', 'namespace meant by POST /messages/<route>'),
  instance: text(
    'SOAPLANE_ESB_INSTANCE',
    'soaplane',
    'name of this installation on the broker: where several share one, each needs its own',
  ),
  confirmTimeoutMs: whole(
    'SOAPLANE_CONFIRM_TIMEOUT_MS',
    10_000,
    'how long the broker may take to confirm a message, milliseconds',
    [100, 600_000],
  ),
  maxMessageBytes: whole('SOAPLANE_MAX_MESSAGE_BYTES', 1_048_576, 'largest message, bytes', [1_024, 16_777_216]),
  maxHops: whole('SOAPLANE_MAX_HOPS', 16, 'routes a message may go through', [1, 1_000]),
  topologyIntervalMs: whole(
    'SOAPLANE_TOPOLOGY_INTERVAL_MS',
    60_000,
    'how often exchanges, queues and bindings are declared anew, milliseconds',
    [100, 3_600_000],
  ),
  drainDelayMs: whole('SOAPLANE_DRAIN_DELAY_MS', 0, 'how long to stay up, unready, before stopping', [0, 600_000]),
  logLevel: oneOf('SOAPLANE_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info', 'least level to log'),
} as const

export type EsbConfig = ConfigOf<typeof settings>
