import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { ManagedObject } from '#controller/api/objects.ts'
import { settings as controllerSettings } from '#controller/config.ts'
import { type Controller, controller } from '#controller/parts.ts'
import { settings as gatewaySettings } from '#services/gateway/config.ts'
import { type Gateway, gateway } from '#services/gateway/parts.ts'
import { settings as registrySettings } from '#services/registry/config.ts'
import { type Registry, registry } from '#services/registry/parts.ts'
import { eventually } from './eventually.ts'
import { inProcess, type Running } from './in-process.ts'

type Flags = Readonly<Record<string, string>>

export interface PlatformOptions {
  readonly gateways?: number
  /** Desired state from this API server; from a folder of the test's own if left out. */
  readonly kubeconfig?: string
  /** Of the objects asked for, and of the lease; `default` if left out. */
  readonly namespace?: string
  readonly controllerFlags?: Flags
  readonly registryFlags?: Flags
  readonly gatewayFlags?: Flags
}

/** Kinds, as the control API names them. */
type Plural = 'services' | 'policies' | 'messageroutes'

/** An object as the control API tells it, or undefined where there is none. */
type Told = ManagedObject | undefined

/** The whole platform in one process, over the sockets and protocols that it has in a cluster. */
export interface Platform {
  /** Where YAML is watched. */
  readonly folder: string
  /** Puts a file there, whole at once; objects become its documents, text is written as it is. */
  readonly write: (file: string, content: string | readonly object[]) => Promise<void>
  readonly remove: (file: string) => Promise<void>
  readonly controller: {
    readonly url: () => string
    readonly stop: () => Promise<void>
    /** Starts one again at the same address, with nothing of the old one but what it wrote. */
    readonly restart: () => Promise<void>
  }
  readonly registry: Running<Registry>
  readonly gateways: readonly Running<Gateway>[]
  readonly object: (plural: Plural, name: string) => Promise<Told>
  /** `type=status/reason` of each condition, in order. */
  readonly conditions: (plural: Plural, name: string) => Promise<readonly string[]>
  /** What the control API answers at a path. */
  readonly control: (path: string) => Promise<unknown>
  readonly stop: () => Promise<void>
}

/** Starts it and waits until each part is ready; everything is gone after `stop`. */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const folder = await mkdtemp(join(tmpdir(), 'soaplane-platform-'))
  const started: { readonly stop: () => Promise<void> }[] = []
  async function stop(): Promise<void> {
    const outcomes = await Promise.allSettled(started.toReversed().map((each) => each.stop()))
    await rm(folder, { recursive: true, force: true })
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }
  try {
    return await assemble(folder, options, started, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function assemble(
  folder: string,
  { gateways: count = 1, kubeconfig, namespace = 'default', ...flags }: PlatformOptions,
  started: { readonly stop: () => Promise<void> }[],
  stop: () => Promise<void>,
): Promise<Platform> {
  const local = { host: '127.0.0.1', port: '0' }
  // Replicas here need milliseconds to come, not the seconds that a cluster grants them.
  const settle = { 'settle-ms': '500' }
  const kube = kubeconfig !== undefined && { source: 'kube', kubeconfig, 'lease-namespace': namespace }
  const source = kube || { source: 'folder', folder }
  const aController = (port: string) =>
    inProcess(
      'controller',
      controllerSettings,
      { ...local, ...settle, ...source, ...flags.controllerFlags, port },
      controller,
    )
  let current: Running<Controller> = await aController('0')
  const controllerUrl = current.url()
  started.push({ stop: () => current.stop() })
  const control = async (path: string) => (await fetch(`${controllerUrl}${path}`)).json()
  const object = async (plural: string, name: string): Promise<Told> => {
    const response = await fetch(`${controllerUrl}/objects/${plural}/${namespace}/${name}`)
    return response.ok ? ((await response.json()) as ManagedObject) : undefined
  }

  const theRegistry = await inProcess(
    'registry',
    registrySettings,
    { ...local, 'controller-url': controllerUrl, ...flags.registryFlags },
    registry,
  )
  started.push(theRegistry)
  const upstream = { 'controller-url': controllerUrl, 'registry-url': theRegistry.url() }
  const gateways: Running<Gateway>[] = []
  while (gateways.length < count) {
    const own = { ...local, 'control-port': '0', ...upstream, ...flags.gatewayFlags }
    const next = await inProcess('gateway', gatewaySettings, own, gateway)
    started.push(next)
    gateways.push(next)
  }
  await eventually(
    () => {
      const reasons = [theRegistry, ...gateways].flatMap((each) => each.unready())
      if (reasons.length > 0) throw new Error(reasons.join('; '))
    },
    { timeoutMs: 10_000 },
  )
  return {
    folder,
    async write(file, content) {
      const text = typeof content === 'string' ? content : content.map((each) => stringify(each)).join('---\n')
      await writeFile(join(folder, `${file}.part`), text)
      await rename(join(folder, `${file}.part`), join(folder, file))
    },
    remove: (file) => rm(join(folder, file)),
    controller: {
      url: () => controllerUrl,
      stop: () => current.stop(),
      async restart() {
        await current.stop()
        current = await aController(new URL(controllerUrl).port)
      },
    },
    registry: theRegistry,
    gateways,
    object,
    async conditions(plural, name) {
      const told = await object(plural, name)
      return (told?.status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`)
    },
    control,
    stop,
  }
}
