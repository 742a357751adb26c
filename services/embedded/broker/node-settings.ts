import { dirname, join } from 'node:path'
import { gte } from 'semver'
import type { ServerFiles } from './server-files.ts'

/** Where a node of ours keeps everything, and what it listens on. Nothing is shared with a node of the system. */
export interface NodePlace {
  readonly name: string
  readonly dir: string
  readonly port: number
  readonly distPort: number
  readonly epmdPort: number
}

export const NODE_NAME = 'soaplane@localhost'

export function logFile(dir: string): string {
  return join(dir, 'log', 'rabbitmq.log')
}

/** What the server writes before it has a log, and when it fails. */
export function outputFile(dir: string): string {
  return join(dir, 'log', 'output.log')
}

/** rabbitmq.conf: loopback only, so that the well-known guest account stays on this machine. */
export function confOf(port: number, version: string | undefined, more: readonly string[] = []): string {
  return [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'log.file.level = info',
    'disk_free_limit.absolute = 256MB',
    ...clientConf(version),
    ...more,
    '',
  ].join('\n')
}

/** advanced.config: the worker that sends dead letters would wait 180 s for a confirm that a lost node never gives. As in the chart. */
export const ADVANCED_CONFIG = `[{rabbit, [
  {dead_letter_worker_publisher_confirm_timeout, 5000},
  {dead_letter_worker_consumer_prefetch, 256}
]}].
`

/**
 * For \`rabbitmqctl set_policy\`: what is sent to esb_exchange with a key that nobody binds is kept by the bus, not dropped.
 * A policy, since an argument of the exchange would refuse the clients that declare it without one.
 */
export const UNROUTABLE_POLICY = [
  ...['--apply-to', 'exchanges', 'soaplane-unroutable', '^esb_exchange$'],
  JSON.stringify({ 'alternate-exchange': 'soa.unroutable' }),
] as const

/** Plain queue_declare of clients in the wild makes transient queues: refused from 4.3 on unless permitted; before 3.13 the key stops the node. */
export function clientConf(version: string | undefined): readonly string[] {
  return version !== undefined && gte(version, '3.13.0')
    ? ['deprecated_features.permit.transient_nonexcl_queues = true']
    : []
}

export function envOf(
  { name, dir, distPort, epmdPort }: NodePlace,
  files: ServerFiles,
  path: string,
): NodeJS.ProcessEnv {
  return {
    // What the scripts need, and nothing of the user's RABBITMQ_*.
    PATH: [dirname(files.server), path, '/usr/sbin', '/sbin'].join(':'),
    LANG: 'C.UTF-8',
    // The Erlang cookie goes to the home: a private one, so no other node gets in.
    HOME: join(dir, 'home'),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP: join(dir, 'log', 'erl_crash.dump'),
    RABBITMQ_NODENAME: name,
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CONF_ENV_FILE: join(dir, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'advanced.config'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'generated'),
    RABBITMQ_SCHEMA_DIR: join(dir, 'schema'),
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_LOGS: logFile(dir),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_PLUGINS_EXPAND_DIR: join(dir, 'plugins'),
    RABBITMQ_PID_FILE: join(dir, 'rabbitmq.pid'),
  }
}
