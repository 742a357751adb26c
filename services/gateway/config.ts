import { type ConfigOf, httpUrl, list, oneOf, port, text, whole } from '#lib/config.ts'
import { limitSettings } from './limits/settings.ts'

export const settings = {
  host: text('SOAPLANE_HOST', '0.0.0.0', 'address to listen on'),
  port: port('SOAPLANE_GATEWAY_PORT', 8080, 'port of the gateway'),
  controlPort: port('SOAPLANE_GATEWAY_CONTROL_PORT', 8090, 'port of /livez, /readyz, /metrics, /routes and peers'),
  controllerUrl: httpUrl('SOAPLANE_CONTROLLER_URL', 'http://127.0.0.1:8082', 'the controller'),
  registryUrl: httpUrl('SOAPLANE_REGISTRY_URL', 'http://127.0.0.1:8081', 'the registry'),
  advertisedUrl: httpUrl('SOAPLANE_ADVERTISED_URL', undefined, 'URL at which peers reach the control port'),
  controlToken: text('SOAPLANE_CONTROL_TOKEN', undefined, 'bearer token shown to the controller and to peers'),
  trustedCidrs: list(
    'SOAPLANE_TRUSTED_CIDRS',
    [],
    'peers whose X-Forwarded-For and Forwarded are believed, separated by commas; nobody if left out',
  ),
  maxConnections: whole('SOAPLANE_MAX_CONNECTIONS', 20_000, 'client connections at once', [1, 1_000_000]),
  maxUpstreamConnections: whole('SOAPLANE_MAX_UPSTREAM_CONNECTIONS', 512, 'connections to one origin', [1, 100_000]),
  maxInFlight: whole('SOAPLANE_MAX_IN_FLIGHT', 1_024, 'requests to one origin in flight or waiting', [1, 1_000_000]),
  connectTimeoutMs: whole(
    'SOAPLANE_CONNECT_TIMEOUT_MS',
    5_000,
    'how long connecting to an upstream may take, milliseconds',
    [1, 600_000],
  ),
  headersTimeoutMs: whole(
    'SOAPLANE_UPSTREAM_TIMEOUT_MS',
    60_000,
    'how long an upstream may take to begin its answer, milliseconds',
    [1, 3_600_000],
  ),
  bodyTimeoutMs: whole(
    'SOAPLANE_UPSTREAM_BODY_TIMEOUT_MS',
    300_000,
    'how long an upstream may pause within its answer, milliseconds; 0 is for ever',
    [0, 86_400_000],
  ),
  writeStallMs: whole(
    'SOAPLANE_WRITE_STALL_MS',
    60_000,
    'how long a client may leave its response unread, milliseconds',
    [1, 3_600_000],
  ),
  requestTimeoutMs: whole(
    'SOAPLANE_REQUEST_TIMEOUT_MS',
    60_000,
    'how long a client may take to send a request, milliseconds; 0 is for ever',
    [0, 86_400_000],
  ),
  ...limitSettings,
  drainDelayMs: whole('SOAPLANE_DRAIN_DELAY_MS', 0, 'how long to stay up, unready, before stopping', [0, 600_000]),
  logLevel: oneOf('SOAPLANE_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info', 'least level to log'),
} as const

export type GatewayConfig = ConfigOf<typeof settings>
