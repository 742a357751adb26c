import type { Clock } from '#lib/clock.ts'
import { SoaError } from '#lib/error.ts'
import { type Collection, ENDPOINT_SLICES, pathTo } from '#lib/kube/paths.ts'
import { answered, type Kube, type KubeObject, type Query } from '#lib/kube.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import { KINDS } from '../api/kinds.ts'
import {
  type EndpointSlice,
  GROUP,
  type ManagedObject,
  type MessageRouteObject,
  type PolicyObject,
  type ServiceObject,
  VERSION,
} from '../api/objects.ts'
import type { Elector } from '../leader/lease.ts'
import { createRecorder } from './events.ts'
import { createReflector, type Pace, type Reflector } from './reflector.ts'
import { slim, slimSlice } from './slim.ts'
import type { Changed, Source } from './source.ts'
import { upsert } from './upsert.ts'
import { watchMetrics } from './watch-metrics.ts'

export interface KubeSourceOptions {
  readonly kube: Kube
  /** The one namespace to watch; all of them when undefined. */
  readonly namespace?: string | undefined
  /** Decides who writes; its own part is among the source's. */
  readonly elector: Elector
  /** This process, as Events name it. */
  readonly identity: string
  readonly pace?: Partial<Pace>
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
}

/** The world as the Kubernetes API has it: custom resources and the EndpointSlices of core Services. */
export function createKubeSource(options: KubeSourceOptions): Source {
  const { kube, elector, random } = options
  const listeners: ((what: Changed) => void)[] = []
  const changed = (what: Changed) => {
    for (const listener of listeners) listener(what)
  }
  const managed = new Map(KINDS.map(({ plural }) => [plural, reflect(options, collectionOf(plural), changed)]))
  const slices = reflectSlices(options, changed)
  const reflectors = [...managed.values(), slices]

  function desired<T>(plural: string): ReadonlyMap<string, T> {
    return managed.get(plural)?.desired() as ReadonlyMap<string, T>
  }

  return {
    parts: [...reflectors, elector],
    world: () => ({
      services: desired<ServiceObject>('services'),
      policies: desired<PolicyObject>('policies'),
      messageRoutes: desired<MessageRouteObject>('messageroutes'),
      endpointSlices: slices.objects() as ReadonlyMap<string, KubeObject> as ReadonlyMap<string, EndpointSlice>,
    }),
    *objects() {
      for (const reflector of managed.values()) yield* reflector.objects().values() as Iterable<ManagedObject>
    },
    stored: (object) => managed.get(pluralOf(object.kind))?.newest(object) as ManagedObject | undefined,
    onChange: (listener) => void listeners.push(listener),
    synced: () => reflectors.every((reflector) => reflector.synced()),
    leads: elector.leads,
    onLead: elector.onLead,
    upsertService: (namespace, name, edit) =>
      upsert<ServiceObject>(kube, collectionOf('services'), { namespace, name }, edit, random),
    async writeStatus({ apiVersion, kind, metadata, spec }, status) {
      const { namespace, name, uid, resourceVersion } = metadata
      const body = { apiVersion, kind, metadata: { namespace, name, uid, resourceVersion }, spec, status }
      try {
        await kube.replaceStatus(pathTo(collectionOf(pluralOf(kind)), namespace, name), body)
        return true
      } catch (error) {
        if (answered(error, 404, 409)) return false
        throw error
      }
    },
    recordEvent: createRecorder({ ...options, instance: options.identity }),
  }
}

function reflect(
  options: KubeSourceOptions,
  collection: Collection,
  onChange: (what: Changed) => void,
): Reflector<KubeObject> {
  const full = `${collection.plural}.${collection.group}`
  return createReflector({
    ...shared(options, collection, onChange),
    ingest: slim,
    absent: `${full} is not installed: apply k8s/crds/${collection.plural}.yaml (the chart installs it)`,
  })
}

function reflectSlices(options: KubeSourceOptions, onChange: (what: Changed) => void): Reflector<KubeObject> {
  return createReflector({
    ...shared(options, ENDPOINT_SLICES, onChange, { labelSelector: 'kubernetes.io/service-name' }),
    ingest: (slice) => slimSlice(slice as unknown as EndpointSlice) as unknown as KubeObject,
    absent: 'discovery.k8s.io/v1 is not served: Kubernetes 1.21 or newer is needed',
  })
}

function shared(
  options: KubeSourceOptions,
  collection: Collection,
  onChange: (what: Changed) => void,
  query: Query = {},
) {
  const { kube, namespace, pace = {}, metrics, clock, random, log } = options
  const kind = collection.group === '' ? collection.plural : `${collection.plural}.${collection.group}`
  const path = pathTo(collection, namespace)
  return { kind, path, query, kube, pace, clock, random, log, onChange, metrics: watchMetrics(metrics) }
}

function collectionOf(plural: string): Collection {
  return { group: GROUP, version: VERSION, plural }
}

function pluralOf(kind: string): string {
  const known = KINDS.find((each) => each.kind === kind)
  if (known === undefined) throw new SoaError('SOA_INTERNAL', `${kind} is not a kind of this platform`)
  return known.plural
}
