import type { MessageRouteStatus } from '../api/message-route.ts'
import type { ManagedObject } from '../api/objects.ts'
import type { PolicyStatus } from '../api/policy.ts'
import type { ServiceStatus } from '../api/service.ts'
import type {
  ItemRef,
  MessageRouteDetail,
  PolicyDetail,
  ServiceDetail,
  TargetVerdict,
  Verdict,
} from '../translate/outcome.ts'
import { type Dating, nextConditions, type Reach } from './conditions.ts'

/** Names the writer of `status.ancestors` entries, as Gateway API's controllers do. */
export const CONTROLLER_NAME = 'soaplane.dev/controller'

/** The status an object should have; `reachOf` tells how far a set of items has come. */
export function nextStatus(
  verdict: Verdict,
  reachOf: (items: readonly ItemRef[]) => Reach,
  now: string,
): ServiceStatus | PolicyStatus | MessageRouteStatus {
  const { object, findings, items, detail } = verdict
  const dating = { generation: object.metadata.generation, now }
  const reach = reachOf(items)
  const base = {
    observedGeneration: object.metadata.generation,
    conditions: [...nextConditions(findings, items.length > 0, reach, object.status?.conditions ?? [], dating)],
    replicas:
      (reach.settling || reach.shrinking) && object.status?.replicas
        ? object.status.replicas
        : { acked: reach.acked, total: reach.total },
  }
  switch (detail.kind) {
    case 'Service':
      return { ...base, ...serviceFields(detail) }
    case 'Policy':
      return { ...base, ...policyFields(detail, object, reachOf, dating) }
    case 'MessageRoute':
      return { ...base, ...messageRouteFields(detail) }
    default:
      return detail satisfies never
  }
}

function messageRouteFields({ kind: _kind, lastGood, ...fields }: MessageRouteDetail): Partial<MessageRouteStatus> {
  return { ...fields, ...(lastGood && { lastGood: { ...lastGood, spec: { ...lastGood.spec } } }) }
}

function serviceFields({ url, endpoints, policies, lastGoodRateLimit }: ServiceDetail): Partial<ServiceStatus> {
  return {
    ...(url !== undefined && { url }),
    endpoints,
    policies: policies.slice(0, 32),
    ...(lastGoodRateLimit !== undefined && { lastGood: { rateLimit: lastGoodRateLimit } }),
  }
}

const WORST_FIRST: readonly TargetVerdict['outcome'][] = ['Invalid', 'TargetNotFound', 'Conflicted', 'Accepted']

function policyFields(
  { targets }: PolicyDetail,
  object: ManagedObject,
  reachOf: (items: readonly ItemRef[]) => Reach,
  dating: Dating,
): Partial<PolicyStatus> {
  const reached = targets.map((target) => ({ target, reach: reachOf(target.items) }))
  const count = (outcome: TargetVerdict['outcome']) => targets.filter((target) => target.outcome === outcome).length
  const sorted = [...reached].sort(
    (a, b) => WORST_FIRST.indexOf(a.target.outcome) - WORST_FIRST.indexOf(b.target.outcome),
  )
  const ancestors = sorted.slice(0, 16).map(({ target, reach }) => ({
    ancestorRef: target.ref,
    controllerName: CONTROLLER_NAME,
    conditions: [...ancestorConditions(target, reach, object, dating)],
  }))
  return {
    summary: {
      targets: targets.length,
      // As told of each target: while replicas find their way back, what was said stands here too.
      programmed: ancestors.filter(({ conditions }) => conditions.some(isProgrammed)).length,
      overridden: 0,
      conflicted: count('Conflicted'),
      missing: count('TargetNotFound'),
    },
    ancestors,
  }
}

function isProgrammed({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return type === 'Programmed' && status === 'True'
}

function ancestorConditions(
  target: TargetVerdict,
  reach: Reach,
  object: ManagedObject,
  dating: Dating,
): ReturnType<typeof nextConditions> {
  const status = object.kind === 'Policy' ? object.status : undefined
  const last = status?.ancestors?.find(
    ({ ancestorRef }) => ancestorRef.kind === target.ref.kind && ancestorRef.name === target.ref.name,
  )
  const accepted = target.outcome === 'Accepted'
  const finding = {
    type: 'Accepted',
    status: accepted ? 'True' : 'False',
    reason: target.outcome,
    message: target.message,
  } as const
  // A target has no Ready of its own: that is the policy's.
  return nextConditions([finding], target.items.length > 0, reach, last?.conditions ?? [], dating).filter(
    (each) => each.type !== 'Ready',
  )
}
