import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../eventually.ts'
import { kubectl } from '../../kubectl.ts'
import { tell, telling } from '../../progress.ts'
import type { Cluster } from '../facts.ts'
import { packProgram } from '../images/archive.ts'
import { havePackages } from '../packages.ts'
import { addons, COREDNS_IMAGE, makeVolumeFolders } from './addons.ts'
import { componentBinaries, type ImageProgram, imageProgram } from './binaries.ts'
import { PAUSE_IMAGE } from './components.ts'
import { ask } from './control.ts'
import { kubeconfigOf } from './identities.ts'
import type { StartRequest } from './inside.ts'
import { type Enclosed, startEnclosed, stateFolder, sweep } from './namespaces.ts'
import { freeWire, layWire } from './network.ts'

const INSIDE = join(import.meta.dirname, 'inside.ts')
const WATCH_MS = 1_000

/** A node of real components on this machine, in namespaces of its own; gone with this process however that ends. */
export async function startOwnCluster(): Promise<Cluster> {
  await havePackages('node')
  const binaries = await componentBinaries()
  const images = [await programImage('pause', PAUSE_IMAGE), await programImage('coredns', COREDNS_IMAGE)]
  await sweep()
  const folder = stateFolder()
  const node = await startEnclosed(folder, [process.execPath, INSIDE, folder], { network: true })
  try {
    const address = await telling('Starting a Kubernetes node of real components', () =>
      startComponents(node, { binaries, images }),
    )
    const stopWatching = watch(node)
    return {
      source: 'own',
      kubeconfigPath: kubeconfigOf(folder, 'admin'),
      nodeAddress: address,
      isHermetic: true,
      handle: folder,
      async stop() {
        stopWatching()
        await node.stop()
      },
    }
  } catch (error) {
    await node.stop()
    throw error
  }
}

async function startComponents(node: Enclosed, parts: Omit<StartRequest, 'address'>): Promise<string> {
  const wire = freeWire()
  await layWire(node, wire)
  const socket = join(node.folder, 'control.sock')
  const outcome = await eventually(() => node.ended() ?? existsSync(socket), { timeoutMs: 20_000 })
  if (typeof outcome === 'string') throw new Error(outcome)
  makeVolumeFolders(node.folder)
  await ask(socket, 'start', { address: wire.node, ...parts } satisfies StartRequest)

  const kubeconfig = kubeconfigOf(node.folder, 'admin')
  const list = { apiVersion: 'v1', kind: 'List', items: addons() }
  await kubectl(['apply', '--server-side', '--filename', '-'], { kubeconfig, input: JSON.stringify(list) })
  // The kubelet makes the Node, in its own time.
  await eventually(() => kubectl(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=50s'], { kubeconfig }), {
    timeoutMs: 50_000,
  })
  const dns = ['--namespace', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=55s']
  await kubectl(dns, { kubeconfig })
  return wire.node
}

/** Says it when a component ends by itself: what fails afterwards fails for that. */
function watch({ folder }: Enclosed): () => void {
  let known = ''
  const watching = setInterval(async () => {
    const ended = await ask(join(folder, 'control.sock'), 'ended').catch((error: Error) => error.message)
    if (ended !== known) tell(`On the node: ${ended || 'all components run again'}`)
    known = ended
  }, WATCH_MS)
  watching.unref()
  return () => clearInterval(watching)
}

/** The image of one of our programs, packed once. */
async function programImage(program: ImageProgram, name: string): Promise<string> {
  const binary = await imageProgram(program)
  // The archive says what it is called: another name, another archive.
  const archive = `${binary}-${name.replaceAll(/[/:]/g, '_')}.tar`
  return existsSync(archive) ? archive : packProgram(name, binary, archive)
}
