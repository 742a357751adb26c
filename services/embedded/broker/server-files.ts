import { accessSync, constants, readdirSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** A RabbitMQ server on this machine. */
export interface ServerFiles {
  readonly server: string
  readonly ctl: string
  /** undefined when the layout does not tell. */
  readonly version: string | undefined
}

/** Debian's wrapper in /usr/sbin insists on root and on the package's own user and folders; what it wraps does not. */
const DEBIAN_BIN = '/usr/lib/rabbitmq/bin'

export function findServer(path = process.env.PATH ?? ''): ServerFiles | undefined {
  const folders = [DEBIAN_BIN, ...path.split(delimiter).filter(Boolean), '/usr/local/sbin', '/usr/sbin']
  const found = folders.find((folder) => isExecutable(join(folder, 'rabbitmq-server')))
  if (found === undefined) return undefined
  const bin = dirname(realpathSync(join(found, 'rabbitmq-server')))
  return { server: join(bin, 'rabbitmq-server'), ctl: join(bin, 'rabbitmqctl'), version: versionBeside(bin) }
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Whether a command is on the path or among the administrators' folders. */
export function hasCommand(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), '/usr/sbin', '/sbin']
  return folders.some((folder) => isExecutable(join(folder, name)))
}

function versionBeside(bin: string): string | undefined {
  for (const folder of [join(bin, '../lib'), join(bin, '../..')]) {
    const version = namesIn(folder)
      .map((name) => /^rabbitmq_server-(\d+\.\d+\.\d+)/.exec(name)?.[1])
      .find((each) => each !== undefined)
    if (version !== undefined) return version
  }
  return undefined
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
