import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { API_VERSION } from '#controller/api/objects.ts'
import { CORES, pin } from '../bed/cores.ts'
import { manifestOf } from '../bed/manifest.ts'
import { startPlatform } from '../bed/platform.ts'
import { scratchFolder } from '../bed/scratch.ts'
import { GENEROUS, prefixes } from './routes.ts'
import type { StartProxy } from './start.ts'

/** The gateway with what it needs around it: controller and registry, which idle while the load runs, on the other core. */
export const soaplanePeer: StartProxy = async (backend, { routes, limited }) => {
  const folder = scratchFolder()
  const services = prefixes(routes).map((path) => manifestOf({ name: path.slice(1), url: backend, path }))
  const documents = limited ? [...services, limitForAll()] : services
  writeFileSync(join(folder, 'all.yaml'), documents.map((each) => stringify(each)).join('---\n'))
  const { controller, registries, gateways, stop } = await startPlatform({ from: { folder } })
  for (const { pid } of [controller, ...registries]) pin(pid(), CORES.rest)
  const [gateway] = gateways
  if (gateway === undefined) throw new Error('The platform has no gateway')
  return { url: gateway.url, pid: gateway.process.pid(), stop }
}

// As the peers' limiters: one for all routes, counted by client address.
function limitForAll(): object {
  return {
    apiVersion: API_VERSION,
    kind: 'Policy',
    metadata: { name: 'bench' },
    spec: {
      targetRefs: [{ group: '', kind: 'Namespace', name: 'default' }],
      rateLimits: [{ name: 'all', limit: GENEROUS.limit, period: GENEROUS.period, key: { type: 'ClientIP' } }],
    },
  }
}
