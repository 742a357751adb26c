import { keyOf, type PolicyObject } from '../api/objects.ts'
import { RATE_LIMIT_ANNOTATION } from './annotation.ts'
import { type Finding, type TargetVerdict, type Verdict, verdictKey } from './outcome.ts'
import type { CompiledRoute } from './routes.ts'
import type { CompiledService } from './services.ts'

/** All that a Service's verdict rests on. */
export interface Basis {
  readonly service: CompiledService
  readonly ofNamespace: PolicyObject | undefined
  readonly ofService: PolicyObject | undefined
  readonly isRouted: boolean
  readonly shadowedBy: string | undefined
}

export interface ServiceVerdict {
  /** As `verdictKey` gives it. */
  readonly id: string
  readonly basis: Basis
  readonly verdict: Verdict
}

/** The verdict on a Service; the last one while its basis is the same, so that nobody looks at it again. */
export function serviceVerdict(key: string, basis: Basis, last: ServiceVerdict | undefined): ServiceVerdict {
  if (last !== undefined && sameBasis(last.basis, basis)) return last
  const { service, ofNamespace, ofService, isRouted, shadowedBy } = basis
  const { annotated } = service
  const findings: Finding[] = [acceptance(service)]
  if (annotated.state !== 'absent' && ofService !== undefined) findings.push(overridden(ofService))
  if (shadowedBy !== undefined)
    findings.push({ type: 'Shadowed', status: 'True', reason: 'IdenticalRoute', message: shadowedBy })
  const registered = service.accepted ? [{ slice: 'registry', key } as const] : []
  return {
    id: verdictKey(service.object),
    basis,
    verdict: {
      object: service.object,
      findings,
      items: isRouted ? [...registered, { slice: 'gateway', key }] : registered,
      detail: {
        kind: 'Service',
        url: service.accepted ? service.entry.endpoints[0]?.url : undefined,
        endpoints: service.accepted ? service.entry.endpoints.length : 0,
        policies: isRouted ? policiesInForce(basis, ofNamespace, ofService) : [],
        lastGoodRateLimit: annotated.state === 'absent' ? undefined : annotated.text,
      },
    },
  }
}

function sameBasis(a: Basis, b: Basis): boolean {
  return (
    a.service === b.service &&
    a.ofNamespace === b.ofNamespace &&
    a.ofService === b.ofService &&
    a.isRouted === b.isRouted &&
    a.shadowedBy === b.shadowedBy
  )
}

function acceptance(service: CompiledService): Finding {
  if (!service.accepted) return { type: 'Accepted', status: 'False', reason: service.reason, message: service.message }
  if (service.annotated.state === 'invalid')
    return { type: 'Accepted', status: 'False', reason: 'InvalidAnnotation', message: service.annotated.message }
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'Service is valid' }
}

function overridden(policy: PolicyObject): Finding {
  const message = `Annotation ${RATE_LIMIT_ANNOTATION} is replaced by Policy ${policy.metadata.namespace}/${policy.metadata.name}`
  return { type: 'Overridden', status: 'True', reason: 'PolicyApplies', message }
}

function policiesInForce(
  { service: { object, annotated } }: Basis,
  ofNamespace: PolicyObject | undefined,
  ofService: PolicyObject | undefined,
): readonly string[] {
  const own = annotated.state !== 'absent' && annotated.limit !== undefined ? [`annotation ${annotated.text}`] : []
  return [
    ...(ofNamespace ? [`Policy ${keyOf(ofNamespace)} on Namespace ${object.metadata.namespace}`] : []),
    ...(ofService ? [`Policy ${keyOf(ofService)} on Service ${object.metadata.name}`] : own),
  ]
}

/** The verdict on a Policy that cannot be read. */
export function malformedPolicy(policy: PolicyObject, message: string): Verdict {
  const finding: Finding = { type: 'Accepted', status: 'False', reason: 'Malformed', message }
  return { object: policy, findings: [finding], items: [], detail: { kind: 'Policy', targets: [] } }
}

/** The verdict on a Policy: what became of it on each target; the worst speaks. The last one while nothing of it differs. */
export function policyVerdict(
  policy: PolicyObject,
  targets: readonly TargetVerdict[],
  routes: ReadonlyMap<string, CompiledRoute>,
  last: Verdict | undefined,
): Verdict {
  const reached = targets.map((target) =>
    target.outcome === 'Accepted' ? { ...target, items: itemsOf(target, routes) } : target,
  )
  if (last?.object === policy && last.detail.kind === 'Policy' && sameTargets(last.detail.targets, reached)) return last
  const worst = reached.find((target) => target.outcome !== 'Accepted')
  const accepted: Finding = worst
    ? {
        type: 'Accepted',
        status: 'False',
        reason: worst.outcome,
        message: `${worst.ref.kind} ${worst.ref.name}: ${worst.message}`,
      }
    : { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'Policy is valid' }
  return {
    object: policy,
    findings: [accepted],
    items: reached.flatMap((target) => target.items),
    detail: { kind: 'Policy', targets: reached },
  }
}

function sameTargets(a: readonly TargetVerdict[], b: readonly TargetVerdict[]): boolean {
  return a.length === b.length && a.every((each, i) => sameTarget(each, b[i]))
}

// Of one policy, so the references are the same ones.
function sameTarget(a: TargetVerdict, b: TargetVerdict | undefined): boolean {
  return (
    a.outcome === b?.outcome &&
    a.message === b.message &&
    a.items.length === b.items.length &&
    a.items.every(({ key }, i) => key === b.items[i]?.key)
  )
}

function itemsOf({ ref }: TargetVerdict, routes: ReadonlyMap<string, CompiledRoute>): Verdict['items'] {
  if (ref.kind === 'Service') {
    const key = `${ref.namespace}/${ref.name}`
    return routes.has(key) ? [{ slice: 'gateway', key }] : []
  }
  return [...routes]
    .filter(([, route]) => route.entry.namespace === ref.namespace)
    .map(([key]) => ({ slice: 'gateway', key }))
}
