import { type ConfigOf, httpUrl, list, oneOf, port, type Setting, text, whole } from '#lib/config.ts'

const ms = (env: string, fallback: number, about: string): Setting<number> =>
  whole(env, fallback, `${about}, milliseconds`, [0, 86_400_000])

export const settings = {
  host: text('SOAPLANE_HOST', '0.0.0.0', 'address to listen on'),
  port: port('SOAPLANE_REGISTRY_PORT', 8081, 'port of the registry'),
  controllerUrl: httpUrl('SOAPLANE_CONTROLLER_URL', 'http://127.0.0.1:8082', 'the controller'),
  advertisedUrl: httpUrl('SOAPLANE_ADVERTISED_URL', undefined, 'URL at which peers and the controller reach this one'),
  controlToken: text('SOAPLANE_CONTROL_TOKEN', undefined, 'bearer token shown to the controller and to peers'),
  namespace: text('SOAPLANE_REGISTRY_NAMESPACE', 'default', 'namespace of names that come without one'),
  auth: oneOf(
    'SOAPLANE_REGISTRY_AUTH',
    ['auto', 'open', 'token', 'kubernetes'],
    'auto',
    'who may register; auto is kubernetes in a cluster, open elsewhere',
  ),
  tokens: list('SOAPLANE_REGISTRY_TOKENS', [], 'bearer tokens that may register when auth is token'),
  allowedUsers: list(
    'SOAPLANE_REGISTRY_ALLOWED_USERS',
    [],
    'user names that may register when auth is kubernetes, a trailing * matching any rest; all if left out',
  ),
  kubernetesHost: text(
    'KUBERNETES_SERVICE_HOST',
    undefined,
    'set by Kubernetes in every pod: how auto settings tell a cluster',
  ),
  kubeconfig: text('KUBECONFIG', undefined, 'kubeconfig for token reviews; in a cluster the own account is used'),
  loopback: oneOf(
    'SOAPLANE_REGISTRY_LOOPBACK',
    ['auto', 'allow', 'refuse'],
    'auto',
    'registrations of loopback addresses; auto refuses them in a cluster, where they name the one who calls',
  ),
  visibleWithinMs: whole(
    'SOAPLANE_REGISTRY_VISIBLE_WITHIN_MS',
    5_000,
    'how long a registration may take to be visible, milliseconds',
    [1, 600_000],
  ),
  maxProbes: whole('SOAPLANE_REGISTRY_MAX_PROBES', 256, 'health probes in flight at once', [1, 10_000]),
  maxWatchers: whole('SOAPLANE_REGISTRY_MAX_WATCHERS', 10_000, 'watches and long polls at once', [0, 1_000_000]),
  watchBufferBytes: whole(
    'SOAPLANE_REGISTRY_WATCH_BUFFER_BYTES',
    16 * 1024 * 1024,
    'bytes a watcher may fall behind before it is cut',
    [1_024, 1024 * 1024 * 1024],
  ),
  minFleet: whole(
    'SOAPLANE_REGISTRY_MIN_FLEET',
    3,
    'leased instances from which on a service is guarded against mass eviction',
    [1, 1_000_000],
  ),
  maxEvictedPercent: whole(
    'SOAPLANE_REGISTRY_MAX_EVICTED_PERCENT',
    50,
    'share of a guarded service that may be evicted within one ttl',
    [0, 100],
  ),
  maxHoldMs: ms('SOAPLANE_REGISTRY_MAX_HOLD_MS', 600_000, 'longest time the guard keeps an expired instance'),
  reapAfterMs: ms(
    'SOAPLANE_REGISTRY_REAP_AFTER_MS',
    0,
    'time from expiry to deletion of a registered instance; 0 is ten ttls, at least a minute',
  ),
  drainDelayMs: whole('SOAPLANE_DRAIN_DELAY_MS', 0, 'how long to stay up, unready, before stopping', [0, 600_000]),
  logLevel: oneOf('SOAPLANE_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info', 'least level to log'),
} as const

export type RegistryConfig = ConfigOf<typeof settings>

/** Whether this process runs in a pod. Outside of a cluster the port is one's own machine's. */
export function isInCluster({ kubernetesHost }: Pick<RegistryConfig, 'kubernetesHost'>): boolean {
  return kubernetesHost !== undefined && kubernetesHost !== ''
}

export function allowsLoopback(config: Pick<RegistryConfig, 'loopback' | 'kubernetesHost'>): boolean {
  return config.loopback === 'auto' ? !isInCluster(config) : config.loopback === 'allow'
}
