import { chmod, rm, writeFile } from 'node:fs/promises'
import { SoaError } from '#lib/error.ts'
import { command, lastLine } from './command.ts'
import { whenWeDie } from './guard.ts'
import { findServer, hasCommand, type ServerFiles } from './server-files.ts'

const MINUTES = 60_000

export function canInstall(): boolean {
  return process.getuid?.() === 0 && hasCommand('apt-get')
}

/** Installs Debian's rabbitmq-server; a line of progress for each step. */
export async function install(progress: (line: string) => void): Promise<ServerFiles> {
  progress('RabbitMQ: installing rabbitmq-server with apt-get (once, about a minute) ...')
  const failed = (await withoutServices(aptInstall)) && (await withoutServices(aptUpdateAndInstall(progress)))
  const files = findServer()
  if (failed || files === undefined) {
    throw new SoaError(
      'SOA_BROKER_FAILED',
      `apt-get install rabbitmq-server failed: ${failed ?? 'no server found after it'}`,
    )
  }
  progress(`RabbitMQ: installed ${files.version ?? ''}`.trim())
  return files
}

/** Why it failed; undefined when it did not. */
type Step = () => Promise<string | undefined>

const aptInstall: Step = () => apt('install', '--yes', '--no-install-recommends', 'rabbitmq-server')

function aptUpdateAndInstall(progress: (line: string) => void): Step {
  return async () => {
    progress('RabbitMQ: refreshing the package lists ...')
    return (await apt('update')) ?? (await aptInstall())
  }
}

export async function apt(...args: readonly string[]): Promise<string | undefined> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // A fresh machine often upgrades itself meanwhile.
  const patient = ['-q', '-o', 'DPkg::Lock::Timeout=120']
  const { ok, output } = await command('apt-get', [...patient, ...args], { timeoutMs: 10 * MINUTES, env })
  return ok ? undefined : lastLine(output)
}

const POLICY = '/usr/sbin/policy-rc.d'

/** Debian starts what it installs, on the standard port; this asks it not to, in the way its policy provides for. */
export async function withoutServices(step: Step): Promise<string | undefined> {
  // One that is there already is somebody else's, and stands.
  const isOurs = await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { flag: 'wx' }).then(
    () => true,
    () => false,
  )
  if (!isOurs) return step()
  // Left behind, it would keep every service of this machine from starting.
  const callOff = whenWeDie('rm -f "$1"', [POLICY])
  try {
    await chmod(POLICY, 0o755)
    return await step()
  } finally {
    await rm(POLICY, { force: true })
    callOff()
  }
}
