import { spawn } from 'node:child_process'
import { accessSync, constants, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { telling } from '../progress.ts'
import { cacheFolder, kubernetesVersion } from './cache.ts'

/** A kube-apiserver: the one given, else the one built before, else one built now from the Go module. */
export async function apiServerBinary(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const given = env.SOAPLANE_KUBE_APISERVER
  if (given) return executable(given) ? given : fail(`SOAPLANE_KUBE_APISERVER=${given} is not an executable file`, env)
  try {
    return await kubernetesBinary('kube-apiserver', env)
  } catch (error) {
    fail((error as Error).message, env)
  }
}

/** A command of k8s.io/kubernetes/cmd: the one built before, else built now, into the cache. */
export function kubernetesBinary(command: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const version = kubernetesVersion()
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? []
  const set = 'k8s.io/component-base/version'
  return goBinary({
    module: import.meta.dirname,
    pkg: `k8s.io/kubernetes/cmd/${command}`,
    ldflags: `-X ${set}.gitVersion=${version} -X ${set}.gitMajor=${major} -X ${set}.gitMinor=${minor}`,
    target: join(cacheFolder(version, env), command),
    what: `${command} ${version} from its Go module, once (1 to 4 minutes on 2 cores)`,
    env,
  })
}

export interface GoBuild {
  /** The folder of the go.mod. */
  readonly module: string
  readonly pkg: string
  readonly ldflags?: string
  readonly target: string
  /** What the line of progress says is being built. */
  readonly what: string
  readonly env?: NodeJS.ProcessEnv
}

/** A static binary of a Go package; what stands at the target already is taken as it is. */
export async function goBinary({
  module,
  pkg,
  ldflags = '',
  target,
  what,
  env = process.env,
}: GoBuild): Promise<string> {
  if (executable(target)) return target
  // Renamed when whole: a run that is cut off, or one beside this one, never sees half a binary.
  const part = `${target}.${process.pid}.part`
  try {
    await telling(`Building ${what}`, () =>
      go(['build', '-trimpath', '-ldflags', `-s -w ${ldflags}`.trim(), '-o', part, pkg], module, env),
    )
    renameSync(part, target)
  } catch (error) {
    rmSync(part, { force: true })
    throw new Error(`${basename(target)} cannot be built: ${(error as Error).message}`, { cause: error })
  }
  return target
}

function go(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      cwd,
      env: { ...env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors = `${errors}${chunk}`.slice(-2_000)
    })
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new Error('there is no `go` on the PATH') : error),
    )
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`go build ended with ${code}: ${errors}`))))
  })
}

export function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function fail(why: string, env: NodeJS.ProcessEnv): never {
  throw new Error(
    [
      `No Kubernetes API server for the integration tests: ${why}.`,
      'Any one of these gives one:',
      '  SOAPLANE_TEST_KUBECONFIG=<file>   a cluster that may be written to',
      '  SOAPLANE_KUBE_APISERVER=<file>    a kube-apiserver binary (with SOAPLANE_ETCD=<file>, or etcd on the PATH)',
      `  ${join(cacheFolder(kubernetesVersion(), env), 'kube-apiserver')}   the same, put here once`,
      '  Go 1.24 or newer on the PATH      and it is built from the Go module, once',
    ].join('\n'),
  )
}
