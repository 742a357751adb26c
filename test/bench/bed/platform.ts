import { freePort } from '#test/kit/free-port.ts'
import { type Deployable, deployable } from '#test/kit/process.ts'

/** Soaplane as in a cluster: each deployable a process of its own. */
export interface Platform {
  readonly controller: Deployable
  readonly registries: readonly Deployable[]
  readonly gateways: readonly Gateway[]
  readonly stop: () => Promise<void>
}

export interface Gateway {
  /** Where requests go; `process` is known by its control port. */
  readonly url: string
  readonly process: Deployable
}

/** Where desired state comes from. */
export type From = { readonly folder: string } | { readonly kubeconfig: string; readonly namespace: string }

export interface PlatformOptions {
  readonly from: From
  readonly registries?: number
  readonly gateways?: number
}

/** Starts all of it; resolves when everything is ready. */
export async function startPlatform({ from, registries = 1, gateways = 1 }: PlatformOptions): Promise<Platform> {
  const started: Deployable[] = []
  const logLevel = { 'log-level': 'warn' }
  async function start(process: Deployable): Promise<Deployable> {
    started.push(process)
    await process.start()
    return process
  }
  async function stop(): Promise<void> {
    for (let last = started.pop(); last; last = started.pop()) await last.kill()
  }

  try {
    const controller = await start(await deployable('controller/main.ts', { ...sourceFlags(from), ...logLevel }))
    const upstream = { 'controller-url': controller.url, ...logLevel }
    const namespace = 'namespace' in from ? { namespace: from.namespace } : {}
    const itsRegistries: Deployable[] = []
    for (let i = 0; i < registries; i++) {
      itsRegistries.push(
        await start(
          await deployable('services/registry/main.ts', { ...upstream, ...namespace, auth: 'open', loopback: 'allow' }),
        ),
      )
    }
    const itsGateways: Gateway[] = []
    for (let i = 0; i < gateways; i++) {
      const port = String(await freePort())
      const flags = { ...upstream, port, 'registry-url': itsRegistries[0]?.url ?? '' }
      const process = await start(await deployable('services/gateway/main.ts', flags, { control: 'control-port' }))
      itsGateways.push({ url: `http://127.0.0.1:${port}`, process })
    }
    return { controller, registries: itsRegistries, gateways: itsGateways, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function sourceFlags(from: From): Readonly<Record<string, string>> {
  if ('folder' in from) return { source: 'folder', folder: from.folder }
  const { kubeconfig, namespace } = from
  return { source: 'kube', kubeconfig, 'watch-namespace': namespace, 'lease-namespace': namespace }
}
