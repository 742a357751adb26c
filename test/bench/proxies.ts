import { CORES, needTwoCores, pin } from './bed/cores.ts'
import { load } from './bed/load.ts'
import { BODY, startBackend } from './bed/nginx.ts'
import type { Server } from './bed/server.ts'
import { familyOf, sum, useOf } from './bed/use.ts'
import type { Bench, BenchOptions } from './bench.ts'
import { GENEROUS } from './peers/routes.ts'
import { soaplanePeer } from './peers/soaplane.ts'
import { nginxPeer, nodePeer, type Setting, type StartProxy } from './peers/start.ts'
import { type Measured, proxiesReport, SOAPLANE } from './proxies-report.ts'

const SETTINGS: readonly Setting[] = [10, 1_000].flatMap((routes) =>
  [false, true].map((limited) => ({ routes, limited })),
)

/** None: the backend alone, so that one sees what load generator and backend leave to measure. */
const PROXIES: Readonly<Record<string, StartProxy | undefined>> = {
  direct: undefined,
  [SOAPLANE]: soaplanePeer,
  nginx: nginxPeer,
  '@fastify/http-proxy': nodePeer('fastify.ts'),
  'express + http-proxy-middleware': nodePeer('express.ts'),
}

const WARM_UP_SECONDS = 2

/** The gateway beside its peers: same backend, same load, in turns within one run. */
export const proxies: Bench = async (options) => {
  await needTwoCores()
  const backend = await startBackend()
  pin(backend.pid, CORES.rest)
  const measured: Measured[] = []
  try {
    for (const setting of SETTINGS) measured.push(...(await compare(backend, setting, options)))
  } finally {
    await backend.stop()
  }
  return { report: proxiesReport(measured, options), raw: measured }
}

async function compare(backend: Server, setting: Setting, options: BenchOptions): Promise<Measured[]> {
  const running: [name: string, proxy: Server][] = []
  const measured: Measured[] = []
  try {
    for (const [name, start] of Object.entries(PROXIES)) {
      const proxy = start === undefined ? backend : await start(backend.url, setting)
      running.push([name, proxy])
      if (start !== undefined) pin(proxy.pid, CORES.measured)
      await check(name, proxy.url, setting)
      await load(proxy.url, { seconds: WARM_UP_SECONDS, routes: setting.routes })
    }
    // In turns: what else the machine does then falls on all of them alike.
    for (let round = 1; round <= options.rounds; round++) {
      for (const [name, proxy] of running) measured.push(await measure(name, proxy, setting, options))
    }
  } finally {
    for (const [, proxy] of running) if (proxy !== backend) await proxy.stop()
  }
  return measured
}

/** Those whose answers tell of no limit; nginx applies one all the same. */
const SILENT = ['direct', 'nginx']

// A proxy that does not do what it is compared for would be fast.
async function check(name: string, url: string, { routes, limited }: Setting): Promise<void> {
  for (const route of [0, routes - 1]) {
    const response = await fetch(`${url}/svc-${route}/items`)
    if (response.status !== 200 || (await response.text()) !== BODY) {
      throw new Error(`${name} does not proxy route ${route} of ${routes}: it answers ${response.status}`)
    }
    const tells = [...response.headers].some(
      ([field, value]) => /ratelimit/.test(field) && value.includes(`${GENEROUS.limit}`),
    )
    if (tells !== limited && !SILENT.includes(name)) {
      throw new Error(`${name} ${tells ? 'applies a limit that was not asked for' : 'does not apply the limit'}`)
    }
  }
}

async function measure(name: string, { url, pid }: Server, setting: Setting, options: BenchOptions): Promise<Measured> {
  const use = () => sum(familyOf(pid).map(useOf))
  const before = use()
  const wrk = await load(url, { seconds: options.seconds, routes: setting.routes })
  const after = use()
  const cpuMs = after.cpuMs - before.cpuMs
  const measured = {
    proxy: name,
    ...setting,
    ...wrk,
    cpuUsPerRequest: (cpuMs * 1_000) / wrk.requests,
    coreShare: cpuMs / 1_000 / wrk.seconds,
    rssBytes: after.rssBytes,
  }
  const limit = setting.limited ? 'limited' : 'unlimited'
  options.tell(`${setting.routes} routes, ${limit}: ${name}: ${Math.round(wrk.requestsPerSecond)} requests/s`)
  return measured
}
