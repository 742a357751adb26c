import type { Manifest } from '../chart.ts'
import { eventually } from '../eventually.ts'
import type { ClusterFacts } from './facts.ts'
import { provideBaseImage } from './images/base.ts'
import type { Release } from './release.ts'

const IMAGE = 'prom/prometheus:v2.42.0'
const LABELS = { 'app.kubernetes.io/name': 'prometheus' }

export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A Prometheus in a release's namespace. */
export interface Prometheus {
  /** What its API answers to an instant query. */
  readonly query: (promql: string) => Promise<readonly Series[]>
}

/** Runs it with these scrape configurations; goes with the namespace. */
export async function startPrometheus(
  cluster: ClusterFacts,
  { apply, kubectl }: Release,
  scrapeConfigs: readonly object[],
): Promise<Prometheus> {
  await provideBaseImage(cluster, IMAGE)
  const config = JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: scrapeConfigs,
  })
  await apply(...workload(config))
  await kubectl('rollout', 'status', 'deployment/prometheus', '--timeout=55s')
  const port = await kubectl('get', 'service', 'prometheus', '--output', 'jsonpath={.spec.ports[0].nodePort}')
  const url = `http://${cluster.nodeAddress}:${port}`
  // kube-proxy follows in its own time.
  await eventually(async () => (await fetch(`${url}/-/ready`)).ok, { timeoutMs: 20_000, everyMs: 100 })
  return { query: (promql) => query(url, promql) }
}

async function query(url: string, promql: string): Promise<readonly Series[]> {
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: promql })}`)
  const { status, data, error } = (await answer.json()) as {
    readonly status: string
    readonly error?: string
    readonly data: { readonly result: readonly { metric: Series['metric']; value: readonly [number, string] }[] }
  }
  if (status !== 'success') throw new Error(`${promql}: ${error}`)
  return data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }))
}

/**
 * What kubernetes_sd finds in the release's namespace for the role `pod`, with its labels, as far as rules for annotations
 * read them: Debian builds its Prometheus without that discovery, and takes from here what it would have found.
 */
export async function podTargets({ kubectl }: Release): Promise<readonly object[]> {
  const { items } = JSON.parse(await kubectl('get', 'pods', '--output', 'json')) as { items: readonly Manifest[] }
  return items.flatMap(({ metadata, spec, status }) =>
    spec.containers
      .flatMap(({ ports = [] }: Manifest) => ports)
      .map(({ containerPort }: Manifest) => ({
        targets: [`${status.podIP}:${containerPort}`],
        labels: {
          __meta_kubernetes_pod_ip: status.podIP,
          ...renamed('__meta_kubernetes_pod_annotation_', metadata.annotations),
          ...renamed('__meta_kubernetes_pod_label_', metadata.labels),
        },
      })),
  )
}

function renamed(prefix: string, entries: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [prefix + key.replaceAll(/\W/g, '_'), value]))
}

function workload(config: string): readonly object[] {
  const metadata = { name: 'prometheus', labels: LABELS }
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'prometheus.yml': config } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { type: 'NodePort', selector: LABELS, ports: [{ port: 9090 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: pod } },
    },
  ]
}

const pod = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'prometheus',
      image: IMAGE,
      args: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/data'],
      readinessProbe: { httpGet: { path: '/-/ready', port: 9090 }, periodSeconds: 1 },
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      volumeMounts: [
        { name: 'config', mountPath: '/etc/prometheus' },
        { name: 'data', mountPath: '/data' },
      ],
    },
  ],
  volumes: [
    { name: 'config', configMap: { name: 'prometheus' } },
    { name: 'data', emptyDir: {} },
  ],
}
