import { join } from 'node:path'
import { eventually } from '../eventually.ts'
import { telling } from '../progress.ts'
import { run } from './command.ts'
import { startEnclosed, stateFolder, sweep } from './own/namespaces.ts'
import { havePackages } from './packages.ts'

const BUILD_MS = 15 * 60_000

/** A Docker daemon that images are built with. */
export interface DockerDaemon {
  /** It came with nothing and can pull nothing: base images must be loaded. */
  readonly isHermetic: boolean
  /** Runs the docker command on it and gives what that printed. */
  readonly docker: (...args: readonly string[]) => Promise<string>
  readonly stop: () => Promise<void>
}

export async function dockerAnswers(): Promise<boolean> {
  const version = run('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 })
  return version.then(
    () => true,
    () => false,
  )
}

/** The daemon that the machine has, else one of our own. */
export async function dockerDaemon(): Promise<DockerDaemon> {
  if (!(await dockerAnswers())) return startOwnDocker()
  return {
    isHermetic: false,
    docker: (...args) => run('docker', args, { timeoutMs: BUILD_MS }),
    stop: async () => {},
  }
}

/** Debian's dockerd in namespaces of its own: no bridge, no rules, no folder of the machine's; gone with this process. */
export async function startOwnDocker(): Promise<DockerDaemon> {
  await havePackages('docker')
  await sweep()
  const folder = stateFolder()
  const host = `unix://${join(folder, 'docker.sock')}`
  const daemon = await startEnclosed(folder, ['dockerd', ...flags(folder, host)], { network: false })
  // The client of the same package: newer ones build with a plug-in that is not there.
  const docker = (...args: readonly string[]) =>
    run('/usr/bin/docker', args, { timeoutMs: BUILD_MS, env: { DOCKER_HOST: host, DOCKER_BUILDKIT: '1' } })
  try {
    await telling('Starting a Docker daemon', () =>
      eventually(
        async () => {
          const ended = daemon.ended()
          return ended ?? (await docker('version', '--format', '{{.Server.Version}}'))
        },
        { timeoutMs: 60_000, everyMs: 100 },
      ).then(() => {
        const ended = daemon.ended()
        if (ended !== undefined) throw new Error(ended)
      }),
    )
  } catch (error) {
    await daemon.stop()
    throw error
  }
  return { isHermetic: true, docker, stop: daemon.stop }
}

function flags(folder: string, host: string): readonly string[] {
  return [
    ...['--host', host, '--data-root', join(folder, 'docker'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'dockerd.pid'), '--exec-opt', 'native.cgroupdriver=cgroupfs'],
    // Builds use the machine's network (`--network host`): the packages they fetch come the way all packages do.
    ...['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
    ...['--cgroup-parent', `/${folder.slice(folder.lastIndexOf('/') + 1)}`],
  ]
}
