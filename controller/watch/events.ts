import type { Clock } from '#lib/clock.ts'
import { reasonOf } from '#lib/error.ts'
import { contentHash } from '#lib/hash.ts'
import { EVENTS, pathTo } from '#lib/kube/paths.ts'
import { answered, type Kube } from '#lib/kube.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'
import type { ManagedObject } from '../api/objects.ts'
import type { SourceEvent } from './source.ts'

/** Tells users of transitions as core/v1 Events. Resolves whatever happens: an Event is a courtesy, never a cause to fail. */
export type Recorder = (object: ManagedObject, event: SourceEvent) => Promise<void>

export interface RecorderOptions {
  readonly kube: Pick<Kube, 'get' | 'create' | 'replace'>
  /** The writer's name in the Event: this process. */
  readonly instance: string
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Log
}

interface CoreEvent {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string }
  readonly count?: number
  readonly [field: string]: unknown
}

/** Events at once, and per second after: a flapping world must not drown the API server. */
const RATE = { burst: 100, perSecond: 5 }
const TRIES = 5

export function createRecorder({ kube, instance, metrics, clock, log }: RecorderOptions): Recorder {
  const counted = metrics.counter('soa_controller_events_total', 'Events told, by result.', ['result'])
  let tokens = RATE.burst
  let filledAt = clock.monotonic()

  function mayTell(): boolean {
    const now = clock.monotonic()
    tokens = Math.min(RATE.burst, tokens + ((now - filledAt) / 1_000) * RATE.perSecond)
    filledAt = now
    if (tokens < 1) return false
    tokens--
    return true
  }

  return async function record(object, event) {
    if (!mayTell()) return counted.inc({ result: 'dropped' })
    try {
      await tell(kube, eventOf(object, event, instance, new Date(clock.now()).toISOString()))
      counted.inc({ result: 'success' })
    } catch (error) {
      counted.inc({ result: 'error' })
      log.warn(
        { namespace: object.metadata.namespace, name: object.metadata.name, error: reasonOf(error) },
        'Event lost',
      )
    }
  }
}

// The name holds object, reason and message: the same transition told again, also after a restart, meets its own Event.
async function tell(kube: RecorderOptions['kube'], event: CoreEvent & { readonly namespace: string }): Promise<void> {
  const { namespace, ...body } = event
  const one = pathTo(EVENTS, namespace, body.metadata.name)
  for (let attempt = 1; ; attempt++) {
    try {
      const held = await kube.get<CoreEvent>(one)
      if (held === undefined) await kube.create(pathTo(EVENTS, namespace), body)
      else await kube.replace(one, { ...held, count: (held.count ?? 1) + 1, lastTimestamp: body.lastTimestamp })
      return
    } catch (error) {
      if (!answered(error, 404, 409) || attempt === TRIES) throw error
    }
  }
}

function eventOf(
  { apiVersion, kind, metadata }: ManagedObject,
  { type, reason, message }: SourceEvent,
  instance: string,
  time: string,
): CoreEvent & { readonly namespace: string } {
  const { name, namespace, uid, resourceVersion } = metadata
  return {
    apiVersion: 'v1',
    kind: 'Event',
    namespace,
    // Cut where a name may end: `a-.0f` is none.
    metadata: { name: `${name.slice(0, 236).replace(/[.-]+$/, '')}.${contentHash([uid, type, reason, message])}` },
    involvedObject: { apiVersion, kind, name, namespace, uid, resourceVersion },
    type,
    reason,
    // The API server refuses longer ones.
    message: message.slice(0, 1_024),
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
    source: { component: 'soaplane-controller' },
    reportingComponent: 'soaplane-controller',
    reportingInstance: instance,
  }
}
