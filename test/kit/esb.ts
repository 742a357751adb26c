import { randomUUID } from 'node:crypto'
import type { ManagedObject } from '#controller/api/objects.ts'
import { settings } from '#services/esb/config.ts'
import { esb } from '#services/esb/parts.ts'
import { eventually } from './eventually.ts'
import { inProcess } from './in-process.ts'
import { type Platform, startPlatform } from './platform.ts'
import { type Deployable, deployable } from './process.ts'

/** The bus on a given broker, with the controller and registry that it needs; routes are YAML in a watched folder. */
export interface Bus<R extends BusReplica = BusReplica> {
  readonly platform: Platform
  readonly replicas: readonly R[]
  /** Writes routes and services to a file of the folder; resolves once every replica serves these routes. */
  readonly apply: (file: string, objects: readonly object[]) => Promise<void>
  readonly remove: (file: string) => Promise<void>
  /** `type=status/reason` of each condition of a route, in order. */
  readonly conditions: (route: string) => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

export interface BusReplica {
  /** Of /messages and the control API. */
  readonly url: string
  readonly stop: () => Promise<void>
}

/** A replica in a process of its own, that can be killed and started again. */
export type BusProcess = BusReplica & Deployable

export interface BusOptions {
  /** Of the broker; several apart by commas. */
  readonly amqpUrl: string
  readonly replicas?: number
  readonly flags?: Readonly<Record<string, string>>
}

/** Replicas in this process. */
export function startBus(options: BusOptions): Promise<Bus> {
  return assemble(options, async (flags) => {
    const running = await inProcess('esb', settings, { ...flags, port: '0' }, esb)
    await eventually(() => refuse(running.unready()), PATIENT).catch(async (error) => {
      await running.stop()
      throw error
    })
    return { url: running.url(), stop: running.stop }
  })
}

/** Replicas that can be killed. */
export function startBusProcesses(options: BusOptions): Promise<Bus<BusProcess>> {
  return assemble(options, async (flags) => {
    const own = await deployable('services/esb/main.ts', flags)
    await own.start()
    return { ...own, stop: () => own.kill('SIGTERM') }
  })
}

const PATIENT = { timeoutMs: 30_000, everyMs: 50 }

async function assemble<R extends BusReplica>(
  { amqpUrl, replicas: count = 1, flags = {} }: BusOptions,
  start: (flags: Readonly<Record<string, string>>) => Promise<R>,
): Promise<Bus<R>> {
  const platform = await startPlatform({ gateways: 0 })
  const replicas: R[] = []
  async function stop(): Promise<void> {
    const outcomes = await Promise.allSettled(replicas.map((each) => each.stop()))
    await platform.stop()
    for (const each of outcomes) if (each.status === 'rejected') throw each.reason
  }
  const conditions = async (route: string) => conditionsOf(await objectOf(platform, route))
  try {
    const own = {
      host: '127.0.0.1',
      'amqp-url': amqpUrl,
      // Several on one broker take nothing of each other's.
      instance: randomUUID(),
      'controller-url': platform.controller.url(),
      'registry-url': platform.registry.url(),
      ...flags,
    }
    while (replicas.length < count) replicas.push(await start(own))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    platform,
    replicas,
    async apply(file, objects) {
      await platform.write(file, objects)
      const routes = objects.filter(isRoute).map(({ metadata }) => metadata.name)
      for (const each of routes) {
        await eventually(async () => refuse(whyNotReady(each, await conditions(each))), PATIENT)
      }
    },
    remove: platform.remove,
    conditions,
    stop,
  }
}

function refuse(reasons: readonly string[]): void {
  if (reasons.length > 0) throw new Error(reasons.join('; '))
}

function whyNotReady(route: string, conditions: readonly string[]): readonly string[] {
  return conditions.some((each) => each.startsWith('Ready=True/')) ? [] : [`${route}: ${conditions.join(', ')}`]
}

function isRoute(object: object): object is { readonly metadata: { readonly name: string } } {
  return (object as { readonly kind?: unknown }).kind === 'MessageRoute'
}

async function objectOf(platform: Platform, route: string): Promise<ManagedObject | undefined> {
  return (await platform.control(`/objects/messageroutes/default/${route}`)) as ManagedObject | undefined
}

function conditionsOf(object: ManagedObject | undefined): readonly string[] {
  return (object?.status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`)
}

/** A MessageRoute of the namespace `default`. */
export function messageRoute(name: string, spec: object): object {
  return { apiVersion: 'soaplane.dev/v1alpha1', kind: 'MessageRoute', metadata: { name, namespace: 'default' }, spec }
}

/** A Service of the namespace `default` at one address. */
export function serviceAt(name: string, url: string): object {
  return {
    apiVersion: 'soaplane.dev/v1alpha1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { url },
  }
}
