import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Manifest } from '#test/kit/chart.ts'
import { installRelease, type Release } from '#test/kit/cluster/release.ts'
import { theCluster } from '#test/kit/cluster/the-cluster.ts'
import { startTraffic } from '#test/kit/cluster/traffic.ts'
import { eventually } from '#test/kit/eventually.ts'
import { previousChart } from '#test/kit/previous-chart.ts'

// One release through its life, with pods that serve; each test goes on from where the one before ended.
const HELLO = 'Hello, welcome to the example endpoint!'
let release: Release
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'soaplane-upgrade-'))
  const chart = await previousChart(folder)
  release = await installRelease({ cluster: theCluster(), chart, values: { examples: { enabled: true, replicas: 2 } } })
  await release.apply({
    apiVersion: 'soaplane.dev/v1alpha1',
    kind: 'Service',
    metadata: { name: 'example' },
    spec: {
      kubernetesService: { name: 'example', port: 'http' },
      expose: { paths: [{ type: 'Exact', value: '/example' }] },
    },
  })
  await release.kubectl('wait', RESOURCE, '--for=condition=Ready', '--timeout=55s')
})
afterAll(async () => {
  await release?.uninstall()
  await rm(folder, { recursive: true, force: true })
})

const RESOURCE = 'services.soaplane.dev/example'
const resource = async () => JSON.parse(await release.kubectl('get', RESOURCE, '--output', 'json')) as Manifest
const own = (owner: string) =>
  release.kubectl('patch', RESOURCE, '--type=merge', '--patch', JSON.stringify({ spec: { owner } }))

/** Since its last change: what a controller said of an earlier one stays in the status when the controller goes. */
async function isReady(): Promise<boolean> {
  const { metadata, status } = await resource()
  const conditions = (status?.conditions ?? []) as readonly Readonly<Record<string, unknown>>[]
  const ready = conditions.find(({ type }) => type === 'Ready')
  return ready?.status === 'True' && ready.observedGeneration === (metadata as { generation?: number }).generation
}

it('is upgraded, every pod of it replaced, and loses no request; the new field is taken', async () => {
  await own('nobody')
  expect((await resource()).spec).not.toHaveProperty('owner')
  const traffic = startTraffic(`${await release.gatewayUrl()}/example`, { expected: HELLO })
  try {
    await release.deploy('upgrade')
    await eventually(async () => (await podsOfPrevious()) === '', { timeoutMs: 60_000, everyMs: 500 })
    await traffic.passing(5_000)
  } finally {
    expect((await traffic.stop()).failures).toEqual([])
  }
  await own('team-examples')
  expect((await resource()).spec).toMatchObject({ owner: 'team-examples' })
  await eventually(isReady, { timeoutMs: 30_000, everyMs: 200 })
})

const podsOfPrevious = () => {
  const annotated = '{.items[?(@.metadata.annotations.soaplane\\.example/chart=="previous")].metadata.name}'
  return release.kubectl('get', 'pods', '--output', `jsonpath=${annotated}`)
}

it('is uninstalled: resources stay as they are, and nothing holds on to them', async () => {
  const { spec } = await resource()
  await release.helm('uninstall', release.name, '--wait')
  const kept = await resource()
  expect(kept.spec).toEqual(spec)
  expect(kept.metadata).not.toHaveProperty('finalizers')
  expect(kept.metadata).not.toHaveProperty('deletionTimestamp')
})

it('is installed again, and serves what was kept', async () => {
  await own('team-kept')
  expect(await isReady()).toBe(false)
  await release.deploy('install')
  await eventually(isReady, { timeoutMs: 55_000, everyMs: 200 })
  const answer = await fetch(`${await release.gatewayUrl()}/example`)
  expect(await answer.text()).toBe(HELLO)
})
