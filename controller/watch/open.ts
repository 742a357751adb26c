import type { Clock } from '#lib/clock.ts'
import { createKube } from '#lib/kube.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { Part } from '#lib/run.ts'
import type { ControllerConfig } from '../config.ts'
import { createElector, type Elector } from '../leader/lease.ts'
import type { FileError } from './folder/file.ts'
import { folderSource } from './folder/folder.ts'
import { createKubeSource } from './kube.ts'
import type { Source } from './source.ts'

export interface OpenedSource {
  readonly source: Source
  /** What a folder could not take; an API server refuses such things at the door. */
  readonly errors: () => readonly FileError[]
  /** Control URL of the leader, as far as it is known. */
  readonly leaderUrl: () => string | undefined
}

export interface SourceEnv {
  readonly log: Log
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
  /** Identity of this process. */
  readonly id: string
  readonly url: () => string
}

/** Stands in for an election where there is one controller by design. */
const alone: Elector = {
  name: 'no election',
  start() {},
  stop() {},
  leads: () => true,
  onLead: (listener) => listener(true),
  leaderUrl: () => undefined,
}

/** The source that the configuration names. */
export async function openSource(config: ControllerConfig, env: SourceEnv): Promise<OpenedSource> {
  if (config.source === 'folder') {
    const source = folderSource({ folder: config.folder, defaultNamespace: 'default', log: env.log })
    return { source, errors: source.errors, leaderUrl: () => undefined }
  }
  const kube = await createKube({
    ...(config.kubeconfig !== undefined && { kubeconfig: config.kubeconfig }),
    metrics: env.metrics,
  })
  const elector = config.leaderElection
    ? createElector({
        ...env,
        kube,
        namespace: config.leaseNamespace,
        name: 'soaplane-controller',
        identity: env.id,
        controlUrl: env.url,
      })
    : alone
  const source = createKubeSource({ ...env, kube, elector, namespace: config.watchNamespace, identity: env.id })
  // First to start, so last to stop: giving the lease back still needs it.
  const connection: Part = { name: 'API server connection', start() {}, stop: kube.close }
  return { source: { ...source, parts: [connection, ...source.parts] }, errors: () => [], leaderUrl: elector.leaderUrl }
}
