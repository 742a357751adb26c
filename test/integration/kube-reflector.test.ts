import { afterAll, beforeAll, expect, it } from 'vitest'
import { pathTo } from '#lib/kube/paths.ts'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { type OwnApiServer, startOwnApiServer } from '#test/kit/apiserver.ts'
import { eventually } from '#test/kit/eventually.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { type Reflecting, reflecting } from '#test/kit/reflecting.ts'

let server: OwnApiServer
let kube: Kube
let all: string
let watched: Reflecting

beforeAll(async () => {
  server = await startOwnApiServer()
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  const namespace = await freshNamespace(kube)
  all = pathTo({ group: '', version: 'v1', plural: 'configmaps' }, namespace)
  for (let i = 0; i < 1_100; i += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, j) => kube.create(all, { metadata: { name: `c${i + j}` } })))
  }
  watched = await reflecting(server.kubeconfigPath, { path: all, pace: { pageLimit: 200 } })
  await watched.reflector.start()
})
afterAll(async () => {
  await watched?.stop()
  await kube?.close()
  await server?.stop()
})

const holds = (name: string) => [...watched.reflector.objects().keys()].some((key) => key.endsWith(`/${name}`))

it('reads 1,100 objects in pages', () => {
  expect(watched.reflector.objects().size).toBe(1_100)
  expect(watched.changes()).toBe(1)
})

it('sees what is made, changed and removed', async () => {
  const made = await kube.create(all, { metadata: { name: 'new' } })
  await eventually(() => holds('new'))
  const changed = await kube.replace(`${all}/new`, { ...made, data: { a: 'b' } })
  await eventually(() => watched.held().includes(`new@${changed.metadata.resourceVersion}`))
  await kube.remove(`${all}/new`)
  await eventually(() => !holds('new'))
})

it('outlives a killed API server, and goes on where it was', async () => {
  const before = watched.reflector.objects()
  await server.crash()
  await expect(kube.list(all, { limit: 1 })).rejects.toMatchObject({ status: 503, reason: 'Unreachable' })
  expect(watched.reflector.objects()).toBe(before)
  await server.revive()
  await kube.create(all, { metadata: { name: 'after-restart' } })
  await eventually(() => holds('after-restart'), { timeoutMs: 10_000 })
  const after = watched.reflector.objects()
  expect([...before].filter(([key, object]) => after.get(key) !== object)).toEqual([])
  expect(await watched.metrics.text()).toContain('soa_controller_watch_lists_total{kind="things",result="success"} 1\n')
})

it('lists again when its version has been compacted away', async () => {
  for (let i = 0; i < 20; i++) await kube.create('/api/v1/namespaces', { metadata: { name: `elsewhere-${i}` } })
  await server.crash()
  await server.compact()
  await server.revive()
  await kube.create(all, { metadata: { name: 'after-compaction' } })
  await eventually(() => holds('after-compaction'), { timeoutMs: 10_000 })
  expect(await watched.metrics.text()).toContain('soa_controller_watch_ends_total{kind="things",end="gone"} 1')
})
