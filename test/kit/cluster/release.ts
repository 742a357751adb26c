import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { eventually } from '../eventually.ts'
import { CHART, type Helmed, helm } from '../helm.ts'
import { kubectl } from '../kubectl.ts'
import { telling } from '../progress.ts'
import type { ClusterFacts } from './facts.ts'
import { inFolder } from './folder.ts'
import { provideBaseImage } from './images/base.ts'
import { provideProductImage } from './images/product.ts'

/** Values of the chart, as in a file of values. */
export type Values = Readonly<Record<string, unknown>>

export interface ReleaseOptions {
  readonly cluster: ClusterFacts
  /** Over the kit's own: this machine is let in, and the release's namespace is for everything. */
  readonly values?: Values
  readonly namespace?: string
  readonly name?: string
  /** Folder of the chart; this checkout's if left out. */
  readonly chart?: string
}

/** The chart as it is installed in a namespace of the restricted standard. */
export interface Release {
  readonly namespace: string
  readonly name: string
  readonly gatewayUrl: () => Promise<string>
  readonly registryUrl: () => Promise<string>
  /** Where a port of a component's pods answers this machine, `address:port`. */
  readonly reach: (component: string, port: number) => Promise<string>
  /** kubectl in the namespace; throws what it complained of. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>
  /** `kubectl apply` of these objects, in the namespace. */
  readonly apply: (...items: readonly object[]) => Promise<string>
  /** helm in the namespace; throws what it complained of. */
  readonly helm: (...args: readonly string[]) => Promise<string>
  /** `helm install` or `helm upgrade` with the release's values, until all is Ready. */
  readonly deploy: (verb: 'install' | 'upgrade', chart?: string) => Promise<void>
  /** Leaves nothing: not the release, not its namespace, nor definitions that were not there before. */
  readonly uninstall: () => Promise<void>
}

const DEFINITIONS = ['services.soaplane.dev', 'policies.soaplane.dev', 'messageroutes.soaplane.dev']

/** Builds and loads the image where that is not done yet, and installs the chart until all of it is Ready. */
export async function installRelease(options: ReleaseOptions): Promise<Release> {
  const { cluster, chart } = options
  await provideImages(cluster)
  const had = await definitionsIn(cluster)
  const release = releaseIn(options, had)
  await makeNamespace(cluster, release.namespace)
  try {
    await release.deploy('install', chart)
  } catch (error) {
    await release.uninstall()
    throw error
  }
  return release
}

/** The images that a release runs. */
export async function provideImages(cluster: ClusterFacts): Promise<void> {
  await provideBaseImage(cluster, 'rabbitmq:4.0-management')
  await provideProductImage(cluster)
}

/** What lets this machine in: to the gateway by its own Service, to the rest past the policies, which know only pods. */
const LETTING_IN: Values = {
  gateway: { service: { type: 'NodePort' } },
  networkPolicy: {
    registryFrom: [{ ipBlock: { cidr: '0.0.0.0/0' } }],
    brokerFrom: [{ ipBlock: { cidr: '0.0.0.0/0' } }],
  },
}

function releaseIn(options: ReleaseOptions, had: readonly string[]): Release {
  const { cluster, values = {}, name = 'soaplane' } = options
  const { namespace = `soaplane-${randomBytes(3).toString('hex')}` } = options
  const kubeconfig = cluster.kubeconfigPath
  const here = (...args: readonly string[]) => kubectl(['--namespace', namespace, ...args], { kubeconfig })
  const helmHere = async (...args: readonly string[]) =>
    outputOf(await helm([...args, '--namespace', namespace], { kubeconfig }))
  const apply = (...items: readonly object[]) =>
    kubectl(['--namespace', namespace, 'apply', '--filename', '-'], {
      kubeconfig,
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    })
  const nodePort = async (service: string) =>
    `${cluster.nodeAddress}:${await here('get', 'service', service, '--output', 'jsonpath={.spec.ports[0].nodePort}')}`

  async function reach(component: string, port: number): Promise<string> {
    const outside = `outside-${component}-${port}`
    await apply(nodePortService(outside, { name, component, port }))
    const address = await nodePort(outside)
    // The node hears of a new Service in its own time.
    await eventually(() => connected(address), { timeoutMs: 20_000, everyMs: 100 })
    return address
  }

  return {
    namespace,
    name,
    kubectl: here,
    apply,
    helm: helmHere,
    reach,
    gatewayUrl: async () => `http://${await nodePort(`${fullName(name)}-gateway`)}`,
    registryUrl: async () => `http://${await reach('registry', 8081)}`,
    deploy: (verb, chart = CHART) =>
      withValues([{ defaultNamespace: namespace }, LETTING_IN, values], async (flags) => {
        // Definitions stay when a release goes, and belong to whichever comes next.
        const args = [verb, name, chart, '--take-ownership', '--wait', '--timeout', '4m', ...flags]
        await telling(`helm ${verb} ${name} in ${namespace}`, () => helmHere(...args))
      }),
    async uninstall() {
      await helm(['uninstall', name, '--namespace', namespace, '--ignore-not-found', '--wait'], { kubeconfig })
      // What drains for whom nobody waits is not waited for either.
      // After an API server was away for a minute, pods were seen to stay up to a minute and a half longer.
      const pods = ['delete', 'pods', '--all', '--grace-period=1', '--timeout=50s']
      await eventually(() => here(...pods), { timeoutMs: 150_000 })
      await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=55s'], { kubeconfig })
      const ours = DEFINITIONS.filter((each) => !had.includes(each))
      if (ours.length > 0) await kubectl(['delete', 'crd', ...ours, '--ignore-not-found'], { kubeconfig })
    },
  }
}

async function makeNamespace({ kubeconfigPath }: ClusterFacts, name: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
  await kubectl(['apply', '--filename', '-'], { kubeconfig: kubeconfigPath, input })
  // Made by a controller, a moment after the namespace.
  const account = ['--namespace', name, 'get', 'serviceaccount', 'default']
  await eventually(() => kubectl(account, { kubeconfig: kubeconfigPath }), { timeoutMs: 20_000 })
}

async function definitionsIn({ kubeconfigPath }: ClusterFacts): Promise<readonly string[]> {
  const all = await kubectl(['get', 'crd', '--output', 'name'], { kubeconfig: kubeconfigPath })
  return DEFINITIONS.filter((each) => all.includes(each))
}

/** As the chart's `soaplane.fullname`. */
function fullName(release: string): string {
  return release.includes('soaplane') ? release : `${release}-soaplane`
}

async function connected(address: string): Promise<void> {
  const { hostname, port } = new URL(`tcp://${address}`)
  const socket = connect({ host: hostname, port: Number(port), timeout: 1_000 })
  socket.once('timeout', () => socket.destroy(new Error(`${address} does not answer`)))
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}

function nodePortService(as: string, { name, component, port }: Readonly<Record<string, string | number>>): object {
  const selector = {
    'app.kubernetes.io/name': 'soaplane',
    'app.kubernetes.io/instance': name,
    'app.kubernetes.io/component': component,
  }
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: as },
    spec: { type: 'NodePort', selector, ports: [{ port, targetPort: port }] },
  }
}

/** Hands over the flags that give helm these values, the later ones over the earlier. */
function withValues<T>(layers: readonly Values[], use: (flags: readonly string[]) => Promise<T>): Promise<T> {
  return inFolder('values', (folder) => {
    const files = layers.map((_, index) => join(folder, `${index}.json`))
    for (const [index, file] of files.entries()) writeFileSync(file, JSON.stringify(layers[index]))
    return use(files.flatMap((file) => ['--values', file]))
  })
}

function outputOf(outcome: Helmed): string {
  if (!outcome.ok) throw new Error(outcome.message)
  return outcome.output
}
