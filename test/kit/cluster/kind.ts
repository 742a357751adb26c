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

export async function kindIsThere(): Promise<boolean> {
  const version = await run('kind', ['version']).catch(() => undefined)
  return version !== undefined && dockerAnswers()
}

/** A cluster in Docker, gone with this process however that ends. */
export async function kindCluster(): Promise<Cluster> {
  const name = `soaplane-e2e-${randomBytes(3).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-kind-'))
  const kubeconfigPath = join(folder, 'kubeconfig')
  const callOff = whenWeDie('kind delete cluster --name "$1"; rm -rf "$2"', [name, folder])

  async function stop(): Promise<void> {
    await run('kind', ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfigPath], { timeoutMs: START_MS })
    rmSync(folder, { recursive: true, force: true })
    callOff()
  }

  try {
    await telling(`Starting a cluster of kind, ${name}`, () =>
      run('kind', ['create', 'cluster', '--name', name, '--kubeconfig', kubeconfigPath, '--wait', '3m'], {
        timeoutMs: START_MS,
      }),
    )
    const address = await nodeAddress(kubeconfigPath)
    return { source: 'kind', kubeconfigPath, nodeAddress: address, isHermetic: false, handle: name, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export async function loadIntoKind(name: string, archive: string): Promise<void> {
  await run('kind', ['load', 'image-archive', archive, '--name', name], { timeoutMs: START_MS })
}
