import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Prometheus, podTargets, startPrometheus } from '#test/kit/cluster/prometheus.ts'
import { installRelease, type Release } from '#test/kit/cluster/release.ts'
import { theCluster } from '#test/kit/cluster/the-cluster.ts'
import { eventually } from '#test/kit/eventually.ts'

// A real Prometheus, in the cluster as users have it: what it finds by the registry, and what by annotations of pods.
const SAMPLES = join(import.meta.dirname, '../../k8s/samples')
const PATIENCE = { timeoutMs: 60_000, everyMs: 250 }
const cluster = theCluster()
let release: Release
let prometheus: Prometheus

beforeAll(async () => {
  release = await installRelease({ cluster, values: { examples: { enabled: true } } })
  await release.kubectl('apply', '--filename', SAMPLES)
  await release.kubectl('wait', '--for=condition=Ready', 'soasvc', '--all', '--timeout=50s')
  prometheus = await startPrometheus(cluster, release, [byRegistry(release), byAnnotations(await podTargets(release))])
})
afterAll(() => release?.uninstall())

/** Every endpoint of every service, from the registry that knows them. */
function byRegistry({ name }: Release): object {
  return {
    job_name: 'services',
    http_sd_configs: [{ url: `http://${name}-registry:8081/prometheus/sd`, refresh_interval: '1s' }],
    relabel_configs: [{ source_labels: ['__meta_soaplane_service'], target_label: 'service' }],
  }
}

/** The usual rules for `prometheus.io/*`, as many a cluster's Prometheus has them, over what it finds there. */
function byAnnotations(targets: readonly object[]): object {
  const annotation = (name: string) => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`
  return {
    job_name: 'pods',
    static_configs: targets,
    relabel_configs: [
      { source_labels: [annotation('scrape')], regex: 'true', action: 'keep' },
      { source_labels: [annotation('path')], regex: '(.+)', target_label: '__metrics_path__' },
      {
        source_labels: ['__meta_kubernetes_pod_ip', annotation('port')],
        separator: ':',
        target_label: '__address__',
      },
      { source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_component'], target_label: 'component' },
    ],
  }
}

it('finds every service by the registry, and each is up', async () => {
  await eventually(async () => {
    const series = await prometheus.query('up{job="services"}')
    expect(series.map(({ metric, value }) => `${metric.service} ${value}`).sort()).toEqual(
      ['esb', 'esb', 'example', 'products', 'service-a', 'service-b', 'service-c', 'users'].map((name) => `${name} 1`),
    )
  }, PATIENCE)
})

it('finds every pod of the platform by its annotations, and each is up', async () => {
  await eventually(async () => {
    const series = await prometheus.query('sum by (component) (up{job="pods"})')
    expect(Object.fromEntries(series.map(({ metric, value }) => [metric.component, value]))).toEqual({
      controller: 2,
      esb: 2,
      examples: 1,
      gateway: 2,
      rabbitmq: 1,
      registry: 2,
    })
  }, PATIENCE)
})

it('counts what the gateway serves', async () => {
  const served = async () => {
    const [sum] = await prometheus.query(
      'sum(soa_gateway_requests_total{job="pods",component="gateway",service=~".*service-a",code="200"})',
    )
    return sum?.value ?? 0
  }
  const url = `${await release.gatewayUrl()}/greet`
  // The first may come before the gateway's port leads there.
  await eventually(async () => expect(await (await fetch(url)).text()).toBe('Hello from Service A!'), PATIENCE)
  const before = await eventually(async () => {
    const now = await served()
    return now > 0 && now
  }, PATIENCE)
  for (let sent = 0; sent < 20; sent++) expect((await fetch(url)).status).toBe(200)
  await eventually(async () => expect(await served()).toBe(before + 20), PATIENCE)
})
