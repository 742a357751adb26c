import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../kubernetes/cache.ts'
import { telling } from '../../progress.ts'
import { loadImage } from '../cluster.ts'
import type { ClusterFacts } from '../facts.ts'
import { buildNodeImage, EXTRA_AUTHORITIES, NODE_VERSION } from './node.ts'
import { buildPrometheusImage } from './prometheus.ts'
import { buildRabbitmqImage } from './rabbitmq.ts'

const here = (file: string) => join(import.meta.dirname, file)

/** Images that the product is made from or runs beside: by the names that the Dockerfile, the chart and users use. */
const RECIPES = {
  'node:24-bookworm-slim': {
    build: buildNodeImage,
    from: [here('node.ts'), ...(EXTRA_AUTHORITIES ? [EXTRA_AUTHORITIES] : [])],
    version: NODE_VERSION,
  },
  'rabbitmq:4.0-management': {
    build: buildRabbitmqImage,
    from: [here('rabbitmq.ts'), here('rabbitmq-entrypoint.sh')],
    version: '4.0',
  },
  'prom/prometheus:v2.42.0': { build: buildPrometheusImage, from: [here('prometheus.ts')], version: '2.42' },
} as const

export type BaseImage = keyof typeof RECIPES

/** Loads the stand-in where the cluster cannot pull the real image. */
export async function provideBaseImage(cluster: ClusterFacts, name: BaseImage): Promise<void> {
  if (cluster.isHermetic) await loadImage(cluster, await baseImage(name))
}

/** The archive of a stand-in for an official image, for where nothing can be pulled; made once for each state of its recipe. */
export async function baseImage(name: BaseImage): Promise<string> {
  const { build, from, version } = RECIPES[name]
  const hash = createHash('sha256').update(version)
  for (const file of [...from, here('tree.ts'), here('archive.ts')]) hash.update(readFileSync(file))
  const file = `${name.replaceAll(/[:/]/g, '-')}-${hash.digest('hex').slice(0, 12)}.tar`
  const target = join(cacheFolder('images'), file)
  if (existsSync(target)) return target
  return telling(`Making a stand-in for ${name} from Debian's packages, once (about a minute)`, () =>
    build(name, target),
  )
}
