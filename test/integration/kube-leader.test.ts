import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Lease } from '#controller/leader/decide.ts'
import { createElector, type Elector } from '#controller/leader/lease.ts'
import { systemClock } from '#lib/clock.ts'
import { LEASES, pathTo } from '#lib/kube/paths.ts'
import { createKube, type Kube } from '#lib/kube.ts'
import { createLog } from '#lib/log.ts'
import { createMetrics, type Metrics } from '#lib/metrics.ts'
import type { ApiServer } from '#test/kit/apiserver.ts'
import { startChild } from '#test/kit/child.ts'
import { eventually } from '#test/kit/eventually.ts'
import { theApiServer } from '#test/kit/kubernetes/given.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'

let server: ApiServer
let kube: Kube
const folder = mkdtempSync(join(tmpdir(), 'soaplane-leader-'))

beforeAll(async () => {
  server = await theApiServer()
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
})
afterAll(async () => {
  await kube?.close()
  await server?.stop()
  rmSync(folder, { recursive: true })
})

function elector(namespace: string, identity: string): Elector & { metrics: Metrics } {
  const metrics = createMetrics({ process: false })
  const made = createElector({
    kube,
    namespace,
    name: 'soaplane-controller',
    identity,
    controlUrl: () => `http://${identity}`,
    metrics,
    clock: systemClock,
    random: Math.random,
    log: createLog('test', 'silent'),
  })
  return { ...made, metrics }
}

const leaseIn = (namespace: string) => kube.get<Lease>(pathTo(LEASES, namespace, 'soaplane-controller'))

it('has one leader of two, whose address both know, and hands over at once on stop', async () => {
  const namespace = await freshNamespace(kube)
  const changes: string[] = []
  const both = ['a', 'b'].map((name) => elector(namespace, name))
  for (const [i, each] of both.entries()) each.onLead((leads) => changes.push(`${i}:${leads}`))
  await Promise.all(both.map((each) => each.start()))
  const first = await eventually(() => both.find((each) => each.leads()) ?? false)
  const second = both.find((each) => each !== first) as (typeof both)[number]
  await eventually(() => first.leaderUrl() !== undefined && first.leaderUrl() === second.leaderUrl(), {
    timeoutMs: 10_000,
  })
  expect(second.leads()).toBe(false)
  expect(await first.metrics.text()).toContain('leader_election_master_status{name="soaplane-controller"} 1')
  expect(await second.metrics.text()).toContain('leader_election_master_status{name="soaplane-controller"} 0')
  await first.stop()
  expect(first.leads()).toBe(false)
  expect((await leaseIn(namespace))?.spec?.holderIdentity).toBe('')
  await eventually(() => second.leads(), { timeoutMs: 5_000 })
  const [one, two] = first === both[0] ? [0, 1] : [1, 0]
  expect(changes).toEqual([`${one}:true`, `${one}:false`, `${two}:true`])
  await second.stop()
  expect((await leaseIn(namespace))?.spec?.leaseTransitions).toBe(1)
})

it('has the other lead within 20 s of a kill -9', async () => {
  const namespace = await freshNamespace(kube)
  const logFile = join(folder, 'elector.log')
  const script = join(import.meta.dirname, '../kit/kubernetes/elector-process.ts')
  const child = startChild(process.execPath, [script, server.kubeconfigPath, namespace, 'child'], { logFile })
  await eventually(() => readFileSync(logFile, 'utf8').includes('"msg":"Leading"'), { timeoutMs: 20_000 })
  const other = elector(namespace, 'other')
  await other.start()
  await eventually(() => other.leaderUrl() === 'http://child')
  await child.kill('SIGKILL')
  const killedMs = performance.now()
  await eventually(() => other.leads(), { timeoutMs: 20_000 })
  // Not early either: a leader that only paused must have stopped by itself before.
  expect(performance.now() - killedMs).toBeGreaterThan(10_000)
  expect(other.leaderUrl()).toBe('http://other')
  await other.stop()
})
