import type { Clock } from '#lib/clock.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { ControllerConfig } from '../config.ts'
import type { FileError } from './folder/file.ts'
import { folderSource } from './folder/folder.ts'
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

/** The source that the configuration names. */
export async function openSource(config: ControllerConfig, env: SourceEnv): Promise<OpenedSource> {
  if (config.source === 'folder') {
    const source = folderSource({ folder: config.folder, defaultNamespace: 'default', log: env.log })
    return { source, errors: source.errors, leaderUrl: () => undefined }
  }
  throw new Error('TODO kube')
}
