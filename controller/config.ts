import { type ConfigOf, flag, httpUrl, oneOf, port, type Setting, text, whole } from '#lib/config.ts'

/** A port of a core Service, by number or name. */
export interface CoreServiceRef {
  readonly namespace: string
  readonly name: string
  readonly port: string
}

/** Where a controller that watches another namespace alone, and so no EndpointSlices there, finds the bus. */
export interface UrlRef {
  readonly url: string
}

export const settings = {
  host: text('SOAPLANE_HOST', '0.0.0.0', 'address to listen on'),
  port: port('SOAPLANE_CONTROLLER_PORT', 8082, 'port of the feed and the control API'),
  source: oneOf('SOAPLANE_SOURCE', ['kube', 'folder'], 'kube', 'where desired state comes from'),
  folder: text('SOAPLANE_FOLDER', 'soaplane', 'directory of YAML for the folder source'),
  kubeconfig: text('KUBECONFIG', undefined, 'kubeconfig for the kube source; in a cluster its own account is used'),
  watchNamespace: text('SOAPLANE_WATCH_NAMESPACE', undefined, 'the one namespace to watch; all if left out'),
  leaseNamespace: text('SOAPLANE_NAMESPACE', 'default', 'namespace of the leader lease'),
  advertisedUrl: httpUrl('SOAPLANE_ADVERTISED_URL', undefined, 'URL at which other controllers reach this one'),
  controlToken: text('SOAPLANE_CONTROL_TOKEN', undefined, 'bearer token that replicas and controllers show each other'),
  leaderElection: flag('SOAPLANE_LEADER_ELECTION', true, 'elect one writer among several controllers'),
  settleMs: whole(
    'SOAPLANE_SETTLE_MS',
    10_000,
    'how long replicas may take before a status says they are late',
    [0, 600_000],
  ),
  esbService: coreService(
    'SOAPLANE_ESB_SERVICE',
    'core Service of the bus, as namespace/name:port, or its URL where its slices are not watched; none if left out',
  ),
  drainDelayMs: whole('SOAPLANE_DRAIN_DELAY_MS', 0, 'how long to stay up, unready, before stopping', [0, 600_000]),
  logLevel: oneOf('SOAPLANE_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info', 'least level to log'),
} as const

export type ControllerConfig = ConfigOf<typeof settings>

function coreService(env: string, about: string): Setting<CoreServiceRef | UrlRef | undefined> {
  return {
    env,
    about,
    fallback: undefined,
    parse(value) {
      if (value.startsWith('http://') && URL.canParse(value)) return { url: value }
      const [, namespace, name, port] = /^([a-z0-9-]{1,63})\/([a-z0-9-]{1,63}):([a-z0-9-]{1,15})$/.exec(value) ?? []
      if (namespace === undefined || name === undefined || port === undefined)
        throw new Error('must look like namespace/name:port, or http://host:port')
      return { namespace, name, port }
    },
  }
}
