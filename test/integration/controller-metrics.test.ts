import { afterAll, beforeAll, expect, it } from 'vitest'
import { KINDS } from '#controller/api/kinds.ts'
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
let controller: ControllerProcess
let registry: TestReplica<'registry'>

beforeAll(async () => {
  server = await theApiServer()
  await installCrds(server.kubeconfigPath)
  kube = await createKube({ kubeconfig: server.kubeconfigPath, metrics: createMetrics({ process: false }) })
  user = userOf(kube, await freshNamespace(kube))
  controller = await controllerProcess(server.kubeconfigPath, user.namespace, { 'watch-namespace': user.namespace })
  await controller.start()
  registry = await startReplica('registry', () => controller.url)
  await user.apply('Service', 'good', { url: 'http://good.example' })
  await user.apply('Service', 'bad', { url: 'http://169.254.169.254' })
  await eventually(async () => {
    expect(await user.conditions('Service', 'good')).toContain('Ready=True/Ready')
    expect(await user.conditions('Service', 'bad')).toContain('Ready=False/ForbiddenAddress')
  })
})
afterAll(async () => {
  await registry?.stop()
  await controller?.kill('SIGTERM')
  await kube?.close()
  await server?.stop()
})

it('counts under the names of controller-runtime and client-go, so that their dashboards read it', async () => {
  const host = new URL(server.url).host
  const series = await controller.metrics()
  const held = (name: string) => {
    const value = series.get(name)
    if (value === undefined) throw new Error(`no series ${name}`)
    return value
  }
  for (const counted of [
    'controller_runtime_reconcile_total{controller="translate",result="success"}',
    'controller_runtime_reconcile_time_seconds_count{controller="translate"}',
    'workqueue_adds_total{name="translate"}',
    'workqueue_queue_duration_seconds_count{name="translate"}',
    'workqueue_work_duration_seconds_count{name="translate"}',
    `rest_client_requests_total{code="200",method="GET",host="${host}"}`,
    `rest_client_requests_total{code="200",method="PUT",host="${host}"}`,
  ])
    expect(held(counted), counted).toBeGreaterThan(0)
  expect({
    depth: held('workqueue_depth{name="translate"}'),
    unfinished: held('workqueue_unfinished_work_seconds{name="translate"}'),
    longest: held('workqueue_longest_running_processor_seconds{name="translate"}'),
    active: held('controller_runtime_active_workers{controller="translate"}'),
    most: held('controller_runtime_max_concurrent_reconciles{controller="translate"}'),
    leader: held('leader_election_master_status{name="soaplane-controller"}'),
  }).toEqual({ depth: 0, unfinished: 0, longest: 0, active: 0, most: 1, leader: 1 })
})

it('has the failures among the names from the start, for alerts on their rate', async () => {
  const text = await (await fetch(`${controller.url}/metrics`)).text()
  for (const name of ['controller_runtime_reconcile_errors_total', 'workqueue_retries_total'])
    expect(text).toContain(`# TYPE ${name} counter`)
})

it('shows each condition of each object, and lets go of an object that is gone', async () => {
  const conditions = async () =>
    [...(await controller.metrics())]
      .filter(([series]) => series.startsWith('soa_status_condition{'))
      .map(([series, value]) => `${series.slice('soa_status_condition'.length)} ${value}`)
      .sort()
  const of = (name: string, type: string, status: string) =>
    `{kind="Service",namespace="${user.namespace}",name="${name}",type="${type}",status="${status}"} 1`
  const good = [of('good', 'Accepted', 'True'), of('good', 'Programmed', 'True'), of('good', 'Ready', 'True')]
  const bad = [of('bad', 'Accepted', 'False'), of('bad', 'Programmed', 'False'), of('bad', 'Ready', 'False')]
  await eventually(async () => expect(await conditions()).toEqual([...bad, ...good]))
  await user.remove('Service', 'bad')
  await eventually(async () => expect(await conditions()).toEqual(good))
})

it('tells of its own flow: watches, publications, replicas, statuses, events', async () => {
  const kinds = [...KINDS.map(({ plural }) => `${plural}.soaplane.dev`), 'endpointslices.discovery.k8s.io']
  const series = [...(await controller.metrics()).keys()]
  expect(series).toEqual(
    expect.arrayContaining([
      ...kinds.map((kind) => `soa_controller_watch_lists_total{kind="${kind}",result="success"}`),
      ...kinds.map((kind) => `soa_controller_watch_contact_age_seconds{kind="${kind}"}`),
      'soa_controller_watch_events_total{kind="services.soaplane.dev",type="ADDED"}',
      'soa_controller_publications_total{slice="registry"}',
      'soa_controller_items{slice="registry"}',
      'soa_controller_replicas{slice="registry"}',
      'soa_controller_status_writes_total{kind="Service",result="success"}',
      'soa_controller_events_total{result="success"}',
    ]),
  )
})
