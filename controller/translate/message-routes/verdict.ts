import { type MessageRouteEntry, needsOneOwner } from '#lib/model/esb.ts'
import { type Finding, type MessageRouteDetail, type Verdict, verdictKey } from '../outcome.ts'
import type { CompiledMessageRoute, GoodSpec } from './compile.ts'
import type { Refusal } from './faults.ts'
import type { Running } from './running.ts'

/** All that a MessageRoute's verdict rests on. */
interface Basis {
  readonly route: CompiledMessageRoute
  /** What runs of it: as the spec says, or as it last was good. */
  readonly running: MessageRouteEntry | undefined
  /** Why its spec does not run. */
  readonly refusal: Refusal | undefined
  /** The earlier spec that stands in for it. */
  readonly earlier: GoodSpec | undefined
}

export interface MessageRouteVerdict {
  /** As `verdictKey` gives it. */
  readonly id: string
  readonly basis: Basis
  readonly verdict: Verdict
}

/** The verdict on a MessageRoute; the last one while its basis is the same, so that nobody looks at it again. */
export function messageRouteVerdict(
  key: string,
  route: CompiledMessageRoute,
  { entries, refusals, good }: Running,
  last: MessageRouteVerdict | undefined,
): MessageRouteVerdict {
  const refusal = route.refusal ?? refusals.get(key)
  const known = refusal && good.get(key)
  const earlier = known?.generation === route.object.metadata.generation ? undefined : known
  const basis: Basis = { route, running: entries.get(key), refusal, earlier }
  if (last !== undefined && sameBasis(last.basis, basis)) return last
  const { running } = basis
  return {
    id: verdictKey(route.object),
    basis,
    verdict: {
      object: route.object,
      findings: [acceptance(basis), ...unresolved(route)],
      items: running === undefined ? [] : [{ slice: 'esb', key }],
      detail: detailOf(basis),
    },
  }
}

function sameBasis(a: Basis, b: Basis): boolean {
  const sameRefusal = a.refusal?.reason === b.refusal?.reason && a.refusal?.message === b.refusal?.message
  return a.route === b.route && a.running === b.running && a.earlier === b.earlier && sameRefusal
}

function acceptance({ route, running, refusal }: Basis): Finding {
  if (refusal === undefined) {
    const message = ['MessageRoute is valid', ...tapped(route.entry)].join('; ')
    return { type: 'Accepted', status: 'True', reason: 'Accepted', message }
  }
  const effect = running === undefined ? '' : `; generation ${running.generation} keeps running`
  return { type: 'Accepted', status: 'False', reason: refusal.reason, message: `${refusal.message}${effect}` }
}

/** Queues that clients bind to the exchange on their own, each by its key. */
const QUEUES_OF_CLIENTS: ReadonlyMap<string, string> = new Map([
  ['service_a', 'service_a_queue'],
  ['service_b', 'service_b_queue'],
])

function tapped(entry: MessageRouteEntry | undefined): readonly string[] {
  const { exchange, keys = [] } = entry?.source ?? {}
  if (exchange !== 'esb_exchange') return []
  return keys
    .filter((key) => QUEUES_OF_CLIENTS.has(key))
    .map((key) => `of messages with key ${key} it gets a copy, since ${QUEUES_OF_CLIENTS.get(key)} is bound to it, too`)
}

function unresolved({ missing }: CompiledMessageRoute): readonly Finding[] {
  if (missing.length === 0) return []
  const message = missing.map(({ field, value }) => `${field}: the registry knows no Service ${value}`).join('; ')
  return [{ type: 'ResolvedRefs', status: 'False', reason: 'ServiceNotFound', message }]
}

function detailOf({ running, earlier }: Basis): MessageRouteDetail {
  // Remembered also while it cannot run either: what is in its way may pass.
  const lastGood = earlier && { generation: earlier.generation, spec: earlier.spec }
  return {
    kind: 'MessageRoute',
    ...(running !== undefined && placesOf(running)),
    ...(lastGood && JSON.stringify(lastGood).length <= MAX_REMEMBERED && { lastGood }),
  }
}

/** Together with the spec itself it must fit into what etcd takes. */
const MAX_REMEMBERED = 500_000

function placesOf(entry: MessageRouteEntry): Omit<MessageRouteDetail, 'kind'> {
  const { namespace, object, http } = entry
  // Elsewhere than in the namespace that is meant without a word, the URL says which one is.
  const query = namespace === 'default' ? '' : `?namespace=${namespace}`
  return {
    ...(http && { url: `/messages/${object}${query}` }),
    queue: `soa.${needsOneOwner(entry) ? 'single' : 'route'}.${namespace}.${object}`,
    deadLetterQueue: `soa.dlq.${namespace}.${object}`,
  }
}
