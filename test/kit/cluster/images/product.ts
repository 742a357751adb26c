import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../kubernetes/cache.ts'
import { loadImage } from '../cluster.ts'
import type { ClusterFacts } from '../facts.ts'
import { buildImage } from './build.ts'

const ROOT = join(import.meta.dirname, '../../../..')
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }

/** The name that `make image` gives it, and that the chart asks for. */
export const PRODUCT_IMAGE = `soaplane:${version}`

/** What the Dockerfile takes in. */
const CONTENTS = [
  ...['Dockerfile', '.dockerignore', '.npmrc', 'package.json', 'package-lock.json', 'LICENSE'],
  ...['lib', 'controller', 'services', 'install', 'k8s'],
]

/** Builds the image of this checkout, unless that was done since it last changed, and loads it. */
export async function provideProductImage(cluster: ClusterFacts): Promise<void> {
  if (cluster.source === 'given') return
  await loadImage(cluster, await productImage())
}

async function productImage(): Promise<string> {
  const folder = cacheFolder('images')
  const name = `soaplane-${fingerprint()}.tar`
  const archive = join(folder, name)
  if (existsSync(archive)) return archive
  const older = readdirSync(folder).filter((each) => /^soaplane-\w+\.tar$/.test(each))
  await buildImage(ROOT, PRODUCT_IMAGE, archive)
  for (const each of older) rmSync(join(folder, each), { force: true })
  return archive
}

function fingerprint(): string {
  const hash = createHash('sha256')
  for (const file of CONTENTS.flatMap(filesOf)) hash.update(file).update(readFileSync(join(ROOT, file)))
  return hash.digest('hex').slice(0, 12)
}

function filesOf(path: string): readonly string[] {
  if (statSync(join(ROOT, path)).isFile()) return [path]
  const entries = readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
  const files = entries.filter((each) => each.isFile() && !each.name.endsWith('.test.ts'))
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length + 1)).sort()
}
