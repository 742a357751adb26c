import { mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The Kubernetes version that go.mod names: what is built, and the cache folder's name. */
export function kubernetesVersion(): string {
  const [, version] = /k8s\.io\/kubernetes (v[\d.]+)/.exec(readFileSync(goMod, 'utf8')) ?? []
  if (version === undefined) throw new Error(`${goMod} names no version of k8s.io/kubernetes`)
  return version
}

const goMod = join(import.meta.dirname, 'go.mod')

/** Where binaries stay between runs: outside the repository, so that only the first run on a machine pays. */
export function cacheFolder(version: string, env: NodeJS.ProcessEnv = process.env): string {
  const folder = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'soaplane', version)
  mkdirSync(folder, { recursive: true })
  return folder
}
