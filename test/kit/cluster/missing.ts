import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'
import { hasCommand } from '#services/embedded/broker/server-files.ts'
import { executable } from '../kubernetes/binary.ts'
import { COMPONENTS, cachedComponent, cachedProgram, IMAGE_PROGRAMS } from './own/binaries.ts'
import { lackingPackages } from './packages.ts'

/** What the cluster tests lack on this machine, in one line with how to get it; undefined where nothing. Starts nothing. */
export function clusterMissing(): string | undefined {
  if (process.env.SOAPLANE_TEST_KUBECONFIG) return undefined
  if (['kind', 'minikube'].some(hasCommand) && succeeds('docker', 'version')) return undefined
  return missing()
}

/** What a node of real components lacks here. */
export function missing(): string | undefined {
  const why = reasons().find((reason) => reason !== undefined)
  return (
    why &&
    `No cluster for the e2e tests: ${why}. Give one by SOAPLANE_TEST_KUBECONFIG=<file>, or have kind or minikube with a ` +
      'Docker daemon, or be root on Linux (Debian) with Go 1.24 or newer on the PATH: a node is then made of real components'
  )
}

function reasons(): readonly (string | undefined)[] {
  if (process.platform !== 'linux') return [`this is ${process.platform}, not Linux`]
  if (process.getuid?.() !== 0) return ['this is not root']
  const packages = lackingPackages('node')
  const programs = [...COMPONENTS.map(cachedComponent), ...IMAGE_PROGRAMS.map(cachedProgram)]
  const unbuilt = programs.filter((each) => !executable(each)).map((each) => basename(each))
  return [
    // What needs CAP_SYS_ADMIN, which root of a container may lack.
    succeeds('unshare', '--mount', '--net', '--pid', '--fork', '--mount-proc', 'true')
      ? undefined
      : 'root may not make namespaces here',
    packages.length === 0 || hasCommand('apt-get') ? undefined : `these commands are missing: ${packages.join(', ')}`,
    unbuilt.length === 0 || hasCommand('go') ? undefined : `${unbuilt.join(', ')} are not built, and there is no Go`,
  ]
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0
}
