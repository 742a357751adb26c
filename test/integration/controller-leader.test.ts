import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import type { ApiServer } from '#test/kit/apiserver.ts'
import { type ControllerProcess, controllerProcess } from '#test/kit/controllers.ts'
import { eventually } from '#test/kit/eventually.ts'
import { installCrds } from '#test/kit/kubernetes/crds.ts'
import { theApiServer } from '#test/kit/kubernetes/given.ts'
import { freshNamespace } from '#test/kit/kubernetes/namespace.ts'
import { type User, userOf } from '#test/kit/kubernetes/user.ts'
import { startReplica, type TestReplica } from '#test/kit/replica.ts'

let server: ApiServer
let kube: Kube
let user: User
let controllers: readonly ControllerProcess[]
let leader: ControllerProcess
let follower: ControllerProcess
const replicas: TestReplica<'registry'>[] = []

beforeAll(async () => {
  server = await theApiServer()
  await installCrds(server.kubeconfigPath)
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  const namespace = await freshNamespace(kube)
  user = userOf(kube, namespace)
  const flags = { 'watch-namespace': namespace }
  controllers = [
    await controllerProcess(server.kubeconfigPath, namespace, flags),
    await controllerProcess(server.kubeconfigPath, namespace, flags),
  ]
  await Promise.all(controllers.map((each) => each.start()))
  leader = await eventually(leading, { timeoutMs: 20_000 })
  follower = controllers.find((each) => each !== leader) as ControllerProcess
})
afterAll(async () => {
  for (const each of replicas) await each.stop()
  for (const each of controllers ?? []) await each.kill('SIGTERM')
  await kube?.close()
  await server?.stop()
})

async function leading(): Promise<ControllerProcess | false> {
  for (const each of controllers) if (await each.leads()) return each
  return false
}

async function writesOf(controller: ControllerProcess): Promise<number> {
  let sum = 0
  for (const [series, value] of await controller.metrics())
    if (series.startsWith('soa_controller_status_writes_total')) sum += value
  return sum
}

const serves = (name: string) =>
  eventually(async () => expect(await user.conditions('Service', name)).toContain('Ready=True/Ready'), {
    timeoutMs: 10_000,
  })
const replicasOf = async (name: string) => (await user.get('Service', name))?.status?.replicas
/** Dials the controllers in turn, beginning with the given one, as a load balancer would. */
function inTurn(...order: readonly ControllerProcess[]): () => string {
  let dialled = 0
  return () => (order[dialled++ % order.length] as ControllerProcess).url
}

it('has one of two controllers write, and knows the replicas of both', async () => {
  replicas.push(await startReplica('registry', inTurn(leader, follower), { id: 'at-leader' }))
  replicas.push(await startReplica('registry', inTurn(follower, leader), { id: 'at-follower' }))
  await eventually(async () =>
    expect((await leader.replicas()).map(({ id }) => id).sort()).toEqual(['at-follower', 'at-leader']),
  )
  await user.apply('Service', 'first', { url: 'http://first.example' })
  await serves('first')
  expect(await replicasOf('first')).toEqual({ acked: 2, total: 2 })
  expect(await writesOf(leader)).toBeGreaterThan(0)
  expect(await writesOf(follower)).toBe(0)
})

it('waits for the replica of the follower, too, before it says that a Service is programmed', async () => {
  const behind = replicas[1] as TestReplica<'registry'>
  behind.hold()
  await user.apply('Service', 'second', { url: 'http://second.example' })
  await eventually(async () => {
    expect(await user.conditions('Service', 'second')).toContain('Programmed=False/PartiallyProgrammed')
    expect(await replicasOf('second')).toEqual({ acked: 1, total: 2 })
  })
  behind.release()
  await serves('second')
})

it('has the other write within 20 s of a kill -9 of the first, and changes nothing that was said', async () => {
  const before = await user.list('Service')
  await leader.kill('SIGKILL')
  const killedMs = performance.now()
  await user.apply('Service', 'third', { url: 'http://third.example' })
  await eventually(async () => expect(await user.conditions('Service', 'third')).not.toEqual([]), { timeoutMs: 30_000 })
  expect(performance.now() - killedMs).toBeLessThan(20_000)
  await serves('third')
  const after = await user.list('Service')
  expect(after.filter(({ metadata }) => metadata.name !== 'third')).toEqual(before)
})

it('counts a replica once that moved from one controller to another', async () => {
  await leader.start()
  const [new_, old] = [leader, follower]
  await eventually(async () => expect(await old.leads()).toBe(true))
  const moved = await startReplica('registry', inTurn(new_, old), { id: 'moves' })
  replicas.push(moved)
  await eventually(async () => expect((await old.replicas()).map(({ id }) => id)).toContain('moves'))
  await new_.kill('SIGKILL')
  await eventually(async () =>
    expect((await old.replicas()).map(({ id }) => id).sort()).toEqual(['at-follower', 'at-leader', 'moves']),
  )
  await eventually(() => !moved.isStale())
  await user.apply('Service', 'fourth', { url: 'http://fourth.example' })
  await serves('fourth')
  expect(await replicasOf('fourth')).toEqual({ acked: 3, total: 3 })
})
