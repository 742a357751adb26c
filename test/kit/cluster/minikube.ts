import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { whenWeDie } from '#services/embedded/broker/guard.ts'
import { telling } from '../progress.ts'
import { run } from './command.ts'
import { dockerAnswers } from './docker.ts'
import type { Cluster } from './facts.ts'
import { nodeAddress } from './given.ts'

const START_MS = 10 * 60_000

export async function minikubeIsThere(): Promise<boolean> {
  const version = await run('minikube', ['version', '--short']).catch(() => undefined)
  return version !== undefined && dockerAnswers()
}

/** A profile of its own in Docker, gone with this process however that ends. */
export async function minikubeCluster(): Promise<Cluster> {
  const name = `soaplane-e2e-${randomBytes(3).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-minikube-'))
  const kubeconfigPath = join(folder, 'kubeconfig')
  const env = { KUBECONFIG: kubeconfigPath }
  const callOff = whenWeDie('KUBECONFIG="$2/kubeconfig" minikube delete --profile "$1"; rm -rf "$2"', [name, folder])

  async function stop(): Promise<void> {
    await run('minikube', ['delete', '--profile', name], { env, timeoutMs: START_MS })
    rmSync(folder, { recursive: true, force: true })
    callOff()
  }

  try {
    await telling(`Starting a cluster of minikube, ${name}`, () =>
      // The kubeconfig holds its credentials: no file of the user's is written.
      run('minikube', ['start', '--profile', name, '--driver', 'docker', '--embed-certs', '--wait', 'all'], {
        env,
        timeoutMs: START_MS,
      }),
    )
    const address = await nodeAddress(kubeconfigPath)
    return { source: 'minikube', kubeconfigPath, nodeAddress: address, isHermetic: false, handle: name, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export async function loadIntoMinikube(name: string, archive: string): Promise<void> {
  await run('minikube', ['image', 'load', archive, '--profile', name], { timeoutMs: START_MS })
}
