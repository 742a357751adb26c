import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type ControllerConfig, settings as controllerSettings } from '#controller/config.ts'
import { controller } from '#controller/parts.ts'
import { systemClock } from '#lib/clock.ts'
import { readConfig } from '#lib/config.ts'
import { createMetrics } from '#lib/metrics.ts'
import { createLife, type Part } from '#lib/run.ts'
import { type RegistryConfig, settings as registrySettings } from '#services/registry/config.ts'
import { registry } from '#services/registry/parts.ts'
import { eventually } from './eventually.ts'
import { quietLog } from './quiet.ts'
import { type RegistryClient, registryClient } from './registry-client.ts'

/** A deployable's parts, running in this process. */
export interface Running {
  readonly url: string
  /** Stops it as SIGTERM does; throws when a part holds on. */
  readonly stop: () => Promise<void>
}

export interface RunningRegistry extends Running, RegistryClient {}

/** The real controller on a folder and real registries, over real sockets. */
export interface RegistryBed extends RegistryClient {
  readonly folder: string
  /** The first registry, whose client this is. */
  readonly registry: () => RunningRegistry
  readonly controllerUrl: string
  /** Writes (or replaces) one Service in the folder. */
  readonly declare: (name: string, spec: object, namespace?: string) => Promise<void>
  /** Writes (or replaces) one EndpointSlice of a core Service in the folder, its only port `http` 8080. */
  readonly declareSlice: (name: string, service: string, slice: object) => Promise<void>
  readonly undeclare: (name: string, namespace?: string) => Promise<void>
  /** One more replica, ready. */
  readonly another: (overrides?: Partial<RegistryConfig>) => Promise<RunningRegistry>
  /** Stops the first registry and starts it anew on the same port. */
  readonly restartRegistry: () => Promise<void>
  readonly stopController: () => Promise<void>
  /** On the port it had. */
  readonly startController: () => Promise<void>
  readonly stop: () => Promise<void>
}

export async function registryBed(overrides: Partial<RegistryConfig> = {}): Promise<RegistryBed> {
  const folder = await mkdtemp(join(tmpdir(), 'soaplane-registry-'))
  const others: RunningRegistry[] = []
  let ruler: Running | undefined = await startController({ folder })
  const controllerUrl = ruler.url
  let first = await ready(await startRegistry({ ...overrides, controllerUrl }))
  const fileOf = (name: string, namespace: string) => join(folder, `${namespace}-${name}.yaml`)

  async function stopController(): Promise<void> {
    await ruler?.stop()
    ruler = undefined
  }

  return {
    ...registryClient(() => first.url),
    folder,
    controllerUrl,
    registry: () => first,
    async declare(name, spec, namespace = 'default') {
      await mkdir(folder, { recursive: true })
      const body = { apiVersion: 'soaplane.dev/v1alpha1', kind: 'Service', metadata: { name, namespace }, spec }
      await writeFile(fileOf(name, namespace), stringify(body))
    },
    async declareSlice(name, service, slice) {
      const labels = { 'kubernetes.io/service-name': service }
      const head = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name, labels } }
      const body = { ...head, addressType: 'IPv4', ports: [{ name: 'http', port: 8080 }], ...slice }
      await writeFile(join(folder, `slice-${name}.yaml`), stringify(body))
    },
    undeclare: (name, namespace = 'default') => rm(fileOf(name, namespace)),
    async another(more = {}) {
      const other = await ready(await startRegistry({ ...overrides, controllerUrl, ...more }))
      others.push(other)
      return other
    },
    async restartRegistry() {
      const port = Number(new URL(first.url).port)
      await first.stop()
      first = await ready(await startRegistry({ ...overrides, controllerUrl, port }))
    },
    stopController,
    async startController() {
      ruler = await startController({ folder, port: Number(new URL(controllerUrl).port) })
    },
    async stop() {
      for (const each of [...others, first]) await each.stop()
      await stopController()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The real controller; a folder source unless told otherwise. */
export async function startController(overrides: Partial<ControllerConfig>): Promise<Running> {
  const config: ControllerConfig = {
    ...readConfig('controller', controllerSettings, [], {}),
    ...{ host: '127.0.0.1', port: 0, source: 'folder', leaderElection: false, settleMs: 100 },
    ...overrides,
  }
  return running((unready) => controller(config, { ...envOf(), unready }))
}

/** The real registry; open unless told otherwise. */
export async function startRegistry(overrides: Partial<RegistryConfig>): Promise<RunningRegistry> {
  const config: RegistryConfig = {
    ...readConfig('registry', registrySettings, [], {}),
    ...{ host: '127.0.0.1', port: 0, auth: 'open' },
    ...overrides,
  }
  const started = await running((unready) => registry(config, { ...envOf(), unready }))
  return { ...started, ...registryClient(() => started.url) }
}

/** Resolves once it has told so on /readyz. */
export async function ready<T extends RegistryClient>(client: T): Promise<T> {
  await eventually(async () => (await client.get('/readyz')).status === 200)
  return client
}

function envOf() {
  return { log: quietLog(), metrics: createMetrics({ process: false }), clock: systemClock, random: Math.random }
}

async function running(
  compose: (
    unready: () => readonly string[],
  ) => Promise<{ readonly parts: readonly Part[]; readonly url: () => string }>,
): Promise<Running> {
  const { parts, url } = await compose(() => life.unready())
  const life = createLife(parts)
  await life.start()
  return {
    url: url(),
    async stop() {
      life.drain()
      const heldOn = await life.stop(10_000)
      if (heldOn.length > 0) throw new Error(`held on: ${heldOn.join(', ')}`)
    },
  }
}
