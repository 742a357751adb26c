import { eventually } from '#test/kit/eventually.ts'
import { below, type Report, show } from '#test/kit/measure/report.ts'
import { type KubeBed, startKubeBed } from './bed/kube-bed.ts'
import { type Platform, startPlatform } from './bed/platform.ts'
import { useOf } from './bed/use.ts'
import type { Bench } from './bench.ts'

const SIZES = [1, 100, 1_000, 10_000]
const WRITERS = 16
const PAGE = 500
const READY_WITHIN_MS = 900_000
/** After the last status is written: what was garbage then should not count as what a process needs. */
const SETTLE_MS = 5_000

interface Footprint {
  readonly services: number
  readonly process: string
  readonly rssBytes: number
  readonly peakRssBytes: number
}

/** What controller, registry and gateway hold with so many services. */
export const memory: Bench = async ({ services, tell }) => {
  const bed = await startKubeBed()
  try {
    const footprints: Footprint[] = []
    let created = 0
    for (const size of SIZES.filter((each) => each <= services)) {
      await createUpTo(bed, created, size)
      created = size
      footprints.push(...(await footprintsWith(bed, size)))
      tell(
        `${size} services: ${footprints
          .slice(-3)
          .map(({ process, rssBytes }) => `${process} ${show.megabytes(rssBytes)}`)
          .join(', ')}`,
      )
    }
    return { report: reportOf(footprints), raw: footprints }
  } finally {
    await bed.stop()
  }
}

async function createUpTo(bed: KubeBed, from: number, to: number): Promise<void> {
  let next = from
  const write = async () => {
    while (next < to) {
      const i = next++
      await bed.create({
        name: `service-${i}`,
        url: `http://10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}:8080`,
        path: `/service-${i}`,
        annotations: { 'soaplane.dev/rate-limit': '100/10s' },
      })
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
}

// Fresh processes at each size: they list all of it, translate it, serve it and write every status.
async function footprintsWith(bed: KubeBed, size: number): Promise<Footprint[]> {
  const platform = await startPlatform({ from: bed })
  try {
    await eventually(async () => (await readyServices(platform)) === size, {
      timeoutMs: READY_WITHIN_MS,
      everyMs: 2_000,
    })
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    const { controller, registries, gateways } = platform
    const processes = { controller, registry: registries[0], gateway: gateways[0]?.process }
    const footprints = Object.entries(processes).map(([process, running]) => {
      const { rssBytes, peakRssBytes } = useOf(running?.pid() ?? 0)
      return { services: size, process, rssBytes, peakRssBytes }
    })
    // Asked last: to answer costs memory.
    await checkHeld(platform, size)
    return footprints
  } finally {
    await platform.stop()
  }
}

async function readyServices({ controller }: Platform): Promise<number> {
  const response = await fetch(`${controller.url}/objects`)
  const { items } = (await response.json()) as { items: readonly { readonly ready: string }[] }
  return items.filter(({ ready }) => ready === 'True').length
}

// A process that holds less than all would look thrifty.
async function checkHeld({ registries, gateways }: Platform, size: number): Promise<void> {
  const held = {
    registry: await listed(registries[0]?.url ?? ''),
    gateway: await routed(gateways[0]?.process.url ?? ''),
  }
  for (const [process, count] of Object.entries(held)) {
    if (count !== size) throw new Error(`The ${process} holds ${count} of ${size} services`)
  }
}

async function listed(registry: string): Promise<number> {
  let [count, next]: [number, string | undefined] = [0, '']
  while (next !== undefined) {
    const page = await fetch(`${registry}/services?limit=${PAGE}${next && `&continue=${encodeURIComponent(next)}`}`)
    const { services, continue: more } = (await page.json()) as { services: readonly unknown[]; continue?: string }
    count += services.length
    next = services.length > 0 ? more : undefined
  }
  return count
}

async function routed(control: string): Promise<number> {
  const { items } = (await (await fetch(`${control}/routes`)).json()) as { items: readonly unknown[] }
  return items.length
}

function reportOf(footprints: readonly Footprint[]): Report {
  const processes = [...Map.groupBy(footprints, ({ process }) => process)]
  const sizes = [...new Set(footprints.map(({ services }) => services))]
  const tableOf = (caption: string, field: 'rssBytes' | 'peakRssBytes') => ({
    caption,
    head: ['services', ...sizes.map(show.count)],
    rows: processes.map(([process, all]) => [process, ...all.map((each) => show.megabytes(each[field]))]),
  })
  const most = Math.max(...sizes)
  return {
    name: 'memory',
    title: 'Memory by number of services',
    method: [
      'Services as custom resources on a real kube-apiserver, each exposed under a path of its own, with a rate limit by annotation.',
      'At each size controller, registry and gateway start afresh; measured once every service is Ready,',
      `${SETTLE_MS / 1_000} s after the last of it.`,
    ],
    tables: [tableOf('Resident (VmRSS)', 'rssBytes'), tableOf('At most (VmHWM)', 'peakRssBytes')],
    verdicts: footprints
      .filter(({ services }) => services === most)
      .map(({ process, rssBytes }) =>
        below(300e6, {
          what: `${process} with ${show.count(most)} services`,
          measured: rssBytes,
          show: show.megabytes,
        }),
      ),
  }
}
