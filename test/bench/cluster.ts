import { pathTo } from '#lib/kube/paths.ts'
import { createKube, type Kube } from '#lib/kube.ts'
import { createMetrics } from '#lib/metrics.ts'
import { startCluster } from '#test/kit/cluster/cluster.ts'
import type { ClusterFacts } from '#test/kit/cluster/facts.ts'
import { installRelease, provideImages, type Release } from '#test/kit/cluster/release.ts'
import { eventually } from '#test/kit/eventually.ts'
import { sizeOf } from '#test/kit/measure/proc.ts'
import { below, type Report, show } from '#test/kit/measure/report.ts'
import { percentile } from '#test/kit/measure/statistics.ts'
import type { Bench } from './bench.ts'

const SERVICES = 20
const COMPONENTS = 'app.kubernetes.io/component in (controller, registry, gateway)'
/** Past the last probe of a start, before anything is asked of it. */
const IDLE_MS = 30_000

interface Pod {
  readonly name: string
  readonly rssBytes: number
}

interface Figures {
  readonly source: ClusterFacts['source']
  readonly installMs: number
  readonly pods: readonly Pod[]
  /** From sending each Service to seeing it Ready. */
  readonly readyMs: readonly number[]
}

/** What a user of a cluster waits for, and what the platform takes of it, with the chart's defaults and the examples. */
export const cluster: Bench = async ({ tell }) => {
  const { stop, ...facts } = await startCluster()
  try {
    await provideImages(facts)
    const from = performance.now()
    const release = await installRelease({ cluster: facts, values: { examples: { enabled: true } } })
    const installMs = performance.now() - from
    try {
      tell(`Installed; memory is read after ${IDLE_MS / 1_000} s`)
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
      const pods = await footprints(release)
      const figures = { source: facts.source, installMs, pods, readyMs: await readyTimes(facts, release) }
      return { report: reportOf(figures), raw: figures }
    } finally {
      await release.uninstall()
    }
  } finally {
    await stop()
  }
}

async function footprints({ kubectl }: Release): Promise<readonly Pod[]> {
  const names = await kubectl('get', 'pods', '--selector', COMPONENTS, '--output', 'name')
  return Promise.all(
    names
      .trim()
      .split('\n')
      .map(async (name) => ({
        name,
        rssBytes: sizeOf(await kubectl('exec', name, '--', 'cat', '/proc/1/status'), 'VmRSS'),
      })),
  )
}

async function readyTimes({ kubeconfigPath }: ClusterFacts, { namespace }: Release): Promise<readonly number[]> {
  const kube = await createKube({ kubeconfig: kubeconfigPath, metrics: createMetrics({ process: false }) })
  try {
    const taken: number[] = []
    for (let i = 0; i < SERVICES; i++) taken.push(await readyTime(kube, namespace, `bench-${i}`))
    return taken
  } finally {
    await kube.close()
  }
}

async function readyTime(kube: Kube, namespace: string, name: string): Promise<number> {
  const path = (object?: string) =>
    pathTo({ group: 'soaplane.dev', version: 'v1alpha1', plural: 'services' }, namespace, object)
  const from = performance.now()
  await kube.create(path(), serviceOf(name))
  await eventually(
    async () => {
      const object = await kube.get<{ status?: { conditions?: readonly { type: string; status: string }[] } }>(
        path(name),
      )
      return object?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
    },
    { timeoutMs: 30_000, everyMs: 5 },
  )
  return performance.now() - from
}

// As k8s/samples: pods behind a Kubernetes Service, their health asked for, a path and a limit at every gateway.
const serviceOf = (name: string) => ({
  apiVersion: 'soaplane.dev/v1alpha1',
  kind: 'Service',
  metadata: { name, annotations: { 'soaplane.dev/rate-limit': '100/10s' } },
  spec: {
    kubernetesService: { name: 'service-a', port: 'http' },
    health: { path: '/healthz', interval: '5s' },
    expose: { paths: [{ value: `/${name}` }] },
  },
})

function reportOf({ source, installMs, pods, readyMs }: Figures): Report {
  const seconds = (value: number) => `${(value / 1_000).toFixed(1)} s`
  const mebibytes = (value: number) => `${Math.round(value / 2 ** 20)} MiB`
  const sum = pods.reduce((all, { rssBytes }) => all + rssBytes, 0)
  return {
    name: 'cluster',
    title: 'On a cluster',
    method: [
      `A cluster (${SOURCES[source]}), the chart's defaults and the examples, images present.`,
      'Installed: a namespace of the restricted standard made, and `helm install --wait`, RabbitMQ included.',
      `Memory: VmRSS of every process of the platform but RabbitMQ's, ${IDLE_MS / 1_000} s later; pages of the Node binary count once for each.`,
      `Ready: ${SERVICES} Services one after the other, from sending each to the API server to reading its condition there.`,
    ],
    tables: [
      {
        caption: 'Resident, idle',
        head: ['pod', 'VmRSS'],
        rows: pods.map(({ name, rssBytes }) => [componentOf(name), mebibytes(rssBytes)]),
      },
      {
        caption: 'From create to Ready',
        head: ['services', 'p50', 'p95', 'max'],
        rows: [[String(readyMs.length), ...[50, 95, 100].map((percent) => show.ms(percentile(readyMs, percent)))]],
      },
    ],
    verdicts: [
      below(60_000, { what: 'installed and all Ready', measured: installMs, show: seconds }),
      below(1_000, { what: 'Service created to Ready, p95', measured: percentile(readyMs, 95), show: show.ms }),
      below(600 * 2 ** 20, { what: 'idle platform', measured: sum, show: mebibytes }),
    ],
  }
}

const SOURCES: Readonly<Record<ClusterFacts['source'], string>> = {
  given: 'given by SOAPLANE_TEST_KUBECONFIG',
  kind: 'kind',
  minikube: 'minikube',
  own: 'one node of real components on the machine',
}

/** `pod/soaplane-gateway-7c5c89bcd9-8g5t7` is of the gateway. */
const componentOf = (pod: string) => pod.split('-').at(-3) ?? pod
