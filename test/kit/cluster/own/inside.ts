import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Child, startChild } from '../../child.ts'
import { eventually } from '../../eventually.ts'
import { startEtcd } from '../../kubernetes/etcd.ts'
import { run } from '../command.ts'
import {
  apiServerFlags,
  CERTIFICATES,
  containerdConfig,
  controllerManagerFlags,
  kubeletConfig,
  kubeletFlags,
  kubeProxyFlags,
  type Plan,
  schedulerFlags,
} from './components.ts'
import { serveDeeds } from './control.ts'
import { createIdentities } from './identities.ts'
import { cniConfig } from './network.ts'

// The node's first process but one, in namespaces where all ports and paths are its own: `node inside.ts <folder>`.
// It starts the components when told on its control socket, and ends with whoever started it.

/** What `start` is told. */
export interface StartRequest {
  readonly address: string
  readonly binaries: Readonly<Record<string, string>>
  /** Archives that must be there before the first pod. */
  readonly images: readonly string[]
}

const [folder = ''] = process.argv.slice(2)
const running = new Map<string, Child>()
let beginApiServer = async (): Promise<void> => {
  throw new Error('not started yet')
}

serveDeeds(join(folder, 'control.sock'), {
  async start(body) {
    await start(JSON.parse(body) as StartRequest)
    return ''
  },
  async run(body) {
    const [command = '', ...args] = JSON.parse(body) as readonly string[]
    return run(command, args, { timeoutMs: 300_000 })
  },
  async 'crash-api-server'() {
    await running.get('kube-apiserver')?.kill()
    return ''
  },
  async 'revive-api-server'() {
    await beginApiServer()
    return ''
  },
  /** Which components have ended, and how. */
  async ended() {
    return [...running.values()].flatMap((child) => child.ended() ?? []).join('\n')
  },
})

async function start({ address, binaries, images }: StartRequest): Promise<void> {
  const [etcd, identities] = await Promise.all([startEtcd(folder), createIdentities(folder), startContainerd(images)])
  running.set('etcd', etcd.child)
  const plan: Plan = { folder, address, etcdUrl: etcd.url, identityFlags: identities.flags }
  const begin = (name: string, flags: readonly string[]) => child(name, binaries[name] ?? name, flags)
  const ca = join(folder, CERTIFICATES, 'apiserver.crt')
  mkdirSync(join(folder, CERTIFICATES))

  beginApiServer = async () => {
    const apiServer = begin('kube-apiserver', apiServerFlags(plan))
    await untilReady(apiServer, async () => {
      return existsSync(ca) && (await healthOf(`https://${address}:6443/readyz`, ca)) === 'ok'
    })
  }
  await beginApiServer()
  identities.writeKubeconfigs(`https://${address}:6443`, ca)
  begin('kube-controller-manager', controllerManagerFlags(plan))
  begin('kube-scheduler', schedulerFlags(plan))
  begin('kube-proxy', kubeProxyFlags(plan))
  begin('kubelet', kubeletFlags(plan, writeKubeletConfig(plan)))
}

async function startContainerd(images: readonly string[]): Promise<void> {
  const cni = join(folder, 'cni')
  mkdirSync(cni)
  writeFileSync(join(cni, '10-pods.conflist'), JSON.stringify(cniConfig()))
  const config = join(folder, 'containerd.toml')
  writeFileSync(config, containerdConfig(cni))
  const containerd = child('containerd', 'containerd', ['--config', config])
  await untilReady(containerd, async () => (await run('ctr', ['version'])) !== '')
  for (const image of images) await run('ctr', ['-n', 'k8s.io', 'images', 'import', image])
}

function writeKubeletConfig(plan: Plan): string {
  // Pods that are not to use the cluster's DNS have none: nothing outside the cluster can be reached.
  const resolver = join(folder, 'resolv-pods.conf')
  writeFileSync(resolver, '')
  const file = join(folder, 'kubelet.json')
  writeFileSync(file, JSON.stringify(kubeletConfig(plan, resolver)))
  return file
}

function child(name: string, command: string, flags: readonly string[]): Child {
  const started = startChild(command, flags, { logFile: join(folder, `${name}.log`) })
  running.set(name, started)
  return started
}

async function untilReady(of: Child, isReady: () => Promise<boolean>): Promise<void> {
  await eventually(
    async () => {
      const ended = of.ended()
      return ended !== undefined ? new Error(ended) : isReady()
    },
    { timeoutMs: 90_000, everyMs: 50 },
  ).then((outcome) => {
    if (outcome instanceof Error) throw outcome
  })
}

/** Anyone may ask for an API server's health. */
function healthOf(url: string, caFile: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { ca: readFileSync(caFile), agent: false }, (answer) => void text(answer).then(resolve, reject)).on(
      'error',
      reject,
    )
  })
}
