import { below, exactly, type Report, show } from '#test/kit/measure/report.ts'
import { summaryOf } from '#test/kit/measure/statistics.ts'
import { startKubeBed } from './bed/kube-bed.ts'
import { startBackend } from './bed/nginx.ts'
import { type Observer, observe } from './bed/observer.ts'
import { startPlatform } from './bed/platform.ts'
import type { Bench } from './bench.ts'

const GATEWAYS = 3
const ANNOTATION = 'soaplane.dev/rate-limit'
/** Far above the load, so that no request is ever due to be refused; each change adds one. */
const BASE_LIMIT = 900_000
const ENFORCED_WITHIN_MS = 10_000
const PAUSE_MS = 50
/** Changes before those that count: nothing has been compiled yet then. */
const COLD = 10

interface Change {
  /** From sending the write to the first answer of the slowest gateway under the new limit. */
  readonly lagMs: number
  readonly byGatewayMs: readonly number[]
}

/** From `kubectl apply` of another limit to its enforcement by every gateway, under traffic. */
export const enforce: Bench = async ({ samples, tell }) => {
  const backend = await startBackend()
  const bed = await startKubeBed()
  try {
    const service = { name: 'changed', url: backend.url, path: '/changed' }
    await bed.create({ ...service, annotations: { [ANNOTATION]: `${BASE_LIMIT}/10s` } })
    const platform = await startPlatform({ from: bed, gateways: GATEWAYS })
    const observers = platform.gateways.map(({ url }) => observe(url, service.path))
    try {
      await Promise.all(observers.map((each) => each.shows(BASE_LIMIT, ENFORCED_WITHIN_MS)))
      const changes: Change[] = []
      for (let i = 1; i <= COLD + samples; i++) {
        const limit = BASE_LIMIT + i
        const sentAt = await bed.annotate(service.name, ANNOTATION, `${limit}/10s`)
        const shownAt = await Promise.all(observers.map((each) => each.shows(limit, ENFORCED_WITHIN_MS)))
        const byGatewayMs = shownAt.map((at) => at - sentAt)
        changes.push({ lagMs: Math.max(...byGatewayMs), byGatewayMs })
        if (i % 50 === 0) tell(`${i} of ${COLD + samples} changes are enforced`)
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      }
      const traffic = await Promise.all(observers.map((each) => each.stop()))
      return { report: reportOf(changes, traffic), raw: { changes, traffic } }
    } finally {
      for (const each of observers) await each.stop()
      await platform.stop()
    }
  } finally {
    await bed.stop()
    await backend.stop()
  }
}

type Traffic = Awaited<ReturnType<Observer['stop']>>

function reportOf(changes: readonly Change[], traffic: readonly Traffic[]): Report {
  const lags = changes.map(({ lagMs }) => lagMs)
  const { count, p50, p99, max } = summaryOf(lags.slice(COLD))
  const cold = Math.max(...lags.slice(0, COLD))
  const requests = traffic.reduce((sum, each) => sum + each.requests, 0)
  const failed = traffic.flatMap(({ failures }) => failures).length
  return {
    name: 'enforce',
    title: 'Apply to enforced on every replica',
    method: [
      `A real kube-apiserver, one controller, one registry, ${GATEWAYS} gateway processes, all on the same cores.`,
      `${count} changes of the ${ANNOTATION} annotation, after ${COLD} to warm up, each timed from the sending of the write to the first answer of the`,
      'slowest gateway whose RateLimit-Policy names the new limit.',
      `Meanwhile every gateway is asked again and again, ${show.count(requests)} requests in all; any answer but 200 counts as failed.`,
    ],
    tables: [
      {
        caption: 'From write to enforcement',
        head: ['changes', 'p50', 'p99', 'max', `max of the ${COLD} before`, 'failed requests'],
        rows: [[show.count(count), show.ms(p50), show.ms(p99), show.ms(max), show.ms(cold), show.count(failed)]],
      },
    ],
    verdicts: [
      below(100, { what: 'apply to enforced, p99', measured: p99, show: show.ms }),
      exactly(0, { what: 'failed requests', measured: failed, show: show.count }),
    ],
  }
}
