import { type ConfigOf, httpUrl, text, whole } from '#lib/config.ts'

export const settings = {
  registryUrl: httpUrl('SOAPLANE_REGISTRY_URL', 'http://127.0.0.1:8081', 'the registry'),
  gatewayUrl: httpUrl('SOAPLANE_GATEWAY_URL', 'http://127.0.0.1:8080', 'the gateway'),
  amqpUrl: text('AMQP_URL', 'amqp://guest:guest@127.0.0.1:5672', 'RabbitMQ'),
  host: text('POD_IP', '127.0.0.1', 'address at which the platform reaches this process'),
  name: text('SOAPLANE_CHECK_NAME', 'soaplane-check', 'registry name to take and to give back'),
  tokenFile: text(
    'SOAPLANE_TOKEN_FILE',
    undefined,
    'file with the bearer token that may register; none where anyone may',
  ),
  limitedHost: text('SOAPLANE_CHECK_HOST', undefined, 'host of the route that the rate limit is on'),
  limitedPath: text('SOAPLANE_CHECK_PATH', '/', 'path of that route'),
  limit: whole(
    'SOAPLANE_CHECK_LIMIT',
    5,
    'its requests per key, the key being the header x-soaplane-check',
    [1, 1_000],
  ),
  patienceMs: whole('SOAPLANE_CHECK_PATIENCE_MS', 60_000, 'how long a check tries, milliseconds', [1, 600_000]),
} as const

export type CheckConfig = ConfigOf<typeof settings>
