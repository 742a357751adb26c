import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { goBinary, kubernetesBinary } from '../../kubernetes/binary.ts'
import { cacheFolder, kubernetesVersion } from '../../kubernetes/cache.ts'

export const COMPONENTS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
] as const

/** Programs of ../images/go that run in containers. */
export const IMAGE_PROGRAMS = ['coredns', 'pause'] as const
export type ImageProgram = (typeof IMAGE_PROGRAMS)[number]

const GO_MODULE = join(import.meta.dirname, '../images/go')

/** Where a component is once it is built. */
export function cachedComponent(name: string): string {
  return join(cacheFolder(kubernetesVersion()), name)
}

/** Where a program for an image is once it is built: another place for each state of its source. */
export function cachedProgram(name: ImageProgram): string {
  const hash = createHash('sha256')
  for (const file of ['go.mod', join(name, 'main.go')]) hash.update(readFileSync(join(GO_MODULE, file)))
  return join(cacheFolder(`programs-${hash.digest('hex').slice(0, 12)}`), name)
}

/** Each component's binary; one after the other, since each build takes all cores. */
export async function componentBinaries(): Promise<Readonly<Record<string, string>>> {
  const binaries: Record<string, string> = {}
  for (const component of COMPONENTS) binaries[component] = await kubernetesBinary(component)
  return binaries
}

/** A program for an image, built into the cache. */
export function imageProgram(name: ImageProgram): Promise<string> {
  return goBinary({
    module: GO_MODULE,
    pkg: `./${name}`,
    target: cachedProgram(name),
    what: `${name}, once (up to 2 minutes on 2 cores)`,
  })
}
