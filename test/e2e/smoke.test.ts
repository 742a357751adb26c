import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadImage } from '#test/kit/cluster/cluster.ts'
import { provideBaseImage } from '#test/kit/cluster/images/base.ts'
import { buildImage } from '#test/kit/cluster/images/build.ts'
import { theCluster } from '#test/kit/cluster/the-cluster.ts'
import { eventually } from '#test/kit/eventually.ts'
import { kubectl } from '#test/kit/kubectl.ts'

// What every other test here takes for granted of the cluster.
const IMAGE = 'node:24-bookworm-slim'
const RABBITMQ = 'rabbitmq:4.0-management'
const cluster = theCluster()
const namespace = `smoke-${randomBytes(3).toString('hex')}`

const admin = (...args: readonly string[]) => kubectl(args, { kubeconfig: cluster.kubeconfigPath })
const here = (...args: readonly string[]) => admin('--namespace', namespace, ...args)
const apply = (...items: readonly object[]) =>
  kubectl(['--namespace', namespace, 'apply', '--filename', '-'], {
    kubeconfig: cluster.kubeconfigPath,
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  })

const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }

beforeAll(async () => {
  await provideBaseImage(cluster, IMAGE)
  await provideBaseImage(cluster, RABBITMQ)
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: restricted } })
  // Made by a controller, a moment after the namespace.
  await eventually(() => here('get', 'serviceaccount', 'default'), { timeoutMs: 20_000 })
})
afterAll(() => admin('delete', 'namespace', namespace, '--wait=false'))

/** A pod's spec that a namespace of the restricted standard admits, running a script of Node. */
const running = (script: string, more: object = {}, volumes: readonly object[] = []) => ({
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  terminationGracePeriodSeconds: 1,
  volumes,
  containers: [
    {
      name: 'main',
      image: IMAGE,
      command: ['node', '-e', script],
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      ...more,
    },
  ],
})

const SERVER = `
  const server = require('node:http').createServer((_, answer) => answer.end(require('node:os').hostname()))
  server.listen(8080)
  process.on('SIGTERM', () => process.exit())`

/**
 * Runs a pod to its end and gives what it printed; of a pod that failed what it printed is the error. The name is new with
 * each call, so that a second try of a test does not meet the pod of the first.
 */
async function printed(what: string, spec: object): Promise<string> {
  const name = `${what}-${randomBytes(3).toString('hex')}`
  await apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { ...spec, restartPolicy: 'Never' } })
  const ended = async () => {
    const phase = await here('get', 'pod', name, '--output', 'jsonpath={.status.phase}')
    return (phase === 'Succeeded' || phase === 'Failed') && phase
  }
  const phase = await eventually(ended, { timeoutMs: 50_000, everyMs: 250 })
  const output = (await here('logs', name)).trim()
  await here('delete', 'pod', name, '--wait=false')
  if (phase === 'Failed') throw new Error(`pod ${name} failed:\n${output}`)
  return output
}

it('has nodes that are Ready', async () => {
  const ready = '{.items[*].status.conditions[?(@.type=="Ready")].status}'
  const statuses = (await admin('get', 'nodes', '--output', `jsonpath=${ready}`)).split(' ')
  expect(new Set(statuses)).toEqual(new Set(['True']))
})

it('brings a Deployment to pods by its name in DNS and to this machine by NodePort', async () => {
  const labels = { app: 'web' }
  const ports = [{ containerPort: 8080 }]
  const readinessProbe = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 }
  const template = { metadata: { labels }, spec: running(SERVER, { ports, readinessProbe }) }
  await apply(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
  )
  await here('rollout', 'status', 'deployment/web', '--timeout=55s')
  const pods = (await here('get', 'pods', '--selector', 'app=web', '--output', 'name')).trim().split('\n')
  const names = pods.map((each) => each.replace('pod/', '')).sort()
  expect(names).toHaveLength(2)

  const client = `fetch('http://web.${namespace}.svc.cluster.local').then((answer) => answer.text()).then(console.log)`
  // kube-proxy hears of the endpoints a moment after the rollout is over, and refuses connections until then.
  expect(names).toContain(await eventually(() => printed('client', running(client)), { timeoutMs: 30_000 }))

  const port = await here('get', 'service', 'web', '--output', 'jsonpath={.spec.ports[0].nodePort}')
  const seen = new Set<string>()
  await eventually(async () => {
    const answer = await fetch(`http://${cluster.nodeAddress}:${port}`, { headers: { connection: 'close' } })
    seen.add(await answer.text())
    return seen.size === 2
  })
  expect([...seen].sort()).toEqual(names)
})

it('says of a name that is nowhere that it is nowhere', async () => {
  const lookup = `require('node:dns').lookup('nobody.invalid', (error) => console.log(error.code))`
  expect(await printed('lookup', running(lookup))).toBe('ENOTFOUND')
})

it('keeps what is written to a claimed volume from pod to pod', async () => {
  await apply({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  })
  const mount = { volumeMounts: [{ name: 'data', mountPath: '/data' }] }
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]
  await printed('writer', running(`require('node:fs').writeFileSync('/data/word', 'kept')`, mount, volumes))
  const reader = `console.log(require('node:fs').readFileSync('/data/word', 'utf8'))`
  expect(await printed('reader', running(reader, mount, volumes))).toBe('kept')
})

it('refuses a pod that does not meet the restricted standard', async () => {
  const spec = { containers: [{ name: 'main', image: IMAGE, securityContext: { privileged: true } }] }
  await expect(apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'rude' }, spec })).rejects.toThrow(
    /violates PodSecurity "restricted:latest": privileged/,
  )
})

it('runs commands in pods', async () => {
  expect((await here('exec', 'deployment/web', '--', 'node', '--version')).trim()).toMatch(/^v24\./)
})

it('runs RabbitMQ as the chart does: its own user, a volume, settings from files', async () => {
  const { securityContext, ...spec } = running('', {
    image: RABBITMQ,
    command: undefined,
    readinessProbe: { exec: { command: ['rabbitmq-diagnostics', '-q', 'check_running'] }, timeoutSeconds: 30 },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'messages', mountPath: '/var/lib/rabbitmq' },
      { name: 'settings', mountPath: '/etc/rabbitmq/conf.d/20-user.conf', subPath: 'user' },
    ],
  })
  const accessModes = ['ReadWriteOnce']
  const size = { resources: { requests: { storage: '1Gi' } } }
  await apply(
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'messages' }, spec: { accessModes, ...size } },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { user: 'default_user = alice\ndefault_pass = secret\n' },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'rabbitmq' },
      spec: {
        ...spec,
        securityContext: { ...securityContext, runAsUser: 999, runAsGroup: 999, fsGroup: 999 },
        volumes: [
          { name: 'messages', persistentVolumeClaim: { claimName: 'messages' } },
          { name: 'settings', configMap: { name: 'settings' } },
        ],
      },
    },
  )
  await here('wait', 'pod/rabbitmq', '--for=condition=Ready', '--timeout=55s')
  const inPod = async (...command: readonly string[]) => (await here('exec', 'rabbitmq', '--', ...command)).trim()
  expect(await inPod('rabbitmqctl', 'version')).toMatch(/^4\.0\./)
  expect(await inPod('rabbitmqctl', '-q', 'list_users', '--no-table-headers')).toBe('alice\t[administrator]')
  const plugins = await inPod('rabbitmq-plugins', '-q', 'list', '-E', '-m')
  expect(plugins.split('\n')).toEqual(['rabbitmq_management', 'rabbitmq_prometheus'])
})

// Into a cluster that is somebody's nothing can be loaded.
it.runIf(cluster.source !== 'given')('runs an image that is built here', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'soaplane-build-'))
  try {
    const dockerfile = `FROM ${IMAGE}\nRUN node -p 6*7 > /answer\nUSER 1000\nCMD ["cat", "/answer"]\n`
    writeFileSync(join(folder, 'Dockerfile'), dockerfile)
    const archive = join(folder, 'image.tar')
    await buildImage(folder, 'soaplane-smoke:built', archive)
    await loadImage(cluster, archive)
    const built = running('', { image: 'soaplane-smoke:built', command: ['cat', '/answer'] })
    expect(await printed('built', built)).toBe('42')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
