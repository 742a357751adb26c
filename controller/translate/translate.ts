import type { GatewayEntry } from '#lib/model/gateway.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import { keyOf, type PolicyObject, type ServiceObject } from '../api/objects.ts'
import type { World } from '../watch/source.ts'
import { type AnnotatedLimit, annotatedLimit, RATE_LIMIT_ANNOTATION } from './annotation.ts'
import {
  type Finding,
  type Outcome,
  type ServiceDetail,
  type TargetVerdict,
  type Verdict,
  verdictKey,
} from './outcome.ts'
import { type AttachedPolicies, attachPolicies } from './policies.ts'
import { type CompiledRoute, compileRoute, shadowedRoutes } from './routes.ts'
import { type CompiledService, type CompiledServices, compileServices } from './services.ts'

/** An outcome with the parts it was made of, handed to the next translation so that what is unchanged stays the same value. */
export interface Translation extends Outcome {
  readonly services: CompiledServices
  readonly routes: ReadonlyMap<string, CompiledRoute>
}

export const NOTHING: Translation = {
  model: { registry: new Map(), gateway: new Map() },
  verdicts: new Map(),
  lastGood: new Map(),
  services: new Map(),
  routes: new Map(),
}

/**
 * The whole world to the whole model, pure: the same world and last good values give the same outcome.
 * Order: services first (all else refers to them), then policies on them, then routes that carry both, then verdicts.
 */
export function translate(world: World, last: Translation = NOTHING): Translation {
  const services = compileServices(world.services, world.endpointSlices.values(), last.services)
  const policies = attachPolicies(world.policies.values(), services)
  const annotated = new Map<string, AnnotatedLimit>()
  const lastGood = new Map<string, string>()
  const routes = new Map<string, CompiledRoute>()
  for (const [key, service] of services) {
    const { object } = service
    const limit = annotatedLimit(object, last.lastGood.get(object.metadata.uid) ?? object.status?.lastGood?.rateLimit)
    annotated.set(key, limit)
    if (limit.state !== 'absent' && limit.text !== undefined) lastGood.set(object.metadata.uid, limit.text)
    if (!service.accepted) continue
    const ofNamespace = policies.ofNamespace.get(object.metadata.namespace)
    const route = compileRoute(
      { service, ofNamespace, ofService: policies.ofService.get(key), annotated: limit },
      last.routes.get(key),
    )
    if (route) routes.set(key, route)
  }
  return {
    model: { registry: registryItems(services), gateway: gatewayItems(routes) },
    verdicts: verdictsOf({ services, policies, annotated, routes }),
    lastGood,
    services,
    routes,
  }
}

function registryItems(services: CompiledServices): ReadonlyMap<string, RegistryEntry> {
  const items = new Map<string, RegistryEntry>()
  for (const [key, service] of services) if (service.accepted) items.set(key, service.entry)
  return items
}

function gatewayItems(routes: ReadonlyMap<string, CompiledRoute>): ReadonlyMap<string, GatewayEntry> {
  const items = new Map<string, GatewayEntry>()
  for (const [key, route] of routes) items.set(key, route.entry)
  return items
}

interface Parts {
  readonly services: CompiledServices
  readonly policies: AttachedPolicies
  readonly annotated: ReadonlyMap<string, AnnotatedLimit>
  readonly routes: ReadonlyMap<string, CompiledRoute>
}

function verdictsOf(parts: Parts): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>()
  const shadowed = shadowedRoutes(parts.routes.values())
  for (const [key, service] of parts.services) {
    verdicts.set(verdictKey(service.object), serviceVerdict(key, service, parts, shadowed.get(key)))
  }
  for (const [policy, targets] of parts.policies.targets)
    verdicts.set(verdictKey(policy), policyVerdict(policy, targets, parts.routes))
  return verdicts
}

function serviceVerdict(key: string, service: CompiledService, parts: Parts, shadowedBy: string | undefined): Verdict {
  const { object } = service
  const annotated = parts.annotated.get(key) ?? { state: 'absent' }
  const ofService = parts.policies.ofService.get(key)
  const ofNamespace = parts.policies.ofNamespace.get(object.metadata.namespace)
  const findings: Finding[] = [acceptance(service, annotated)]
  if (annotated.state !== 'absent' && ofService !== undefined) findings.push(overridden(ofService))
  if (shadowedBy !== undefined)
    findings.push({ type: 'Shadowed', status: 'True', reason: 'IdenticalRoute', message: shadowedBy })
  const detail: ServiceDetail = {
    kind: 'Service',
    url: service.accepted ? service.entry.endpoints[0]?.url : undefined,
    endpoints: service.accepted ? service.entry.endpoints.length : 0,
    policies: parts.routes.has(key) ? policiesInForce(object, annotated, ofNamespace, ofService) : [],
    lastGoodRateLimit: annotated.state === 'absent' ? undefined : annotated.text,
  }
  const items = service.accepted
    ? [{ slice: 'registry', key } as const, ...(parts.routes.has(key) ? [{ slice: 'gateway', key } as const] : [])]
    : []
  return { object, findings, items, detail }
}

function acceptance(service: CompiledService, annotated: AnnotatedLimit): Finding {
  if (!service.accepted) return { type: 'Accepted', status: 'False', reason: service.reason, message: service.message }
  if (annotated.state === 'invalid')
    return { type: 'Accepted', status: 'False', reason: 'InvalidAnnotation', message: annotated.message }
  return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'Service is valid' }
}

function overridden(policy: PolicyObject): Finding {
  const message = `Annotation ${RATE_LIMIT_ANNOTATION} is replaced by Policy ${policy.metadata.namespace}/${policy.metadata.name}`
  return { type: 'Overridden', status: 'True', reason: 'PolicyApplies', message }
}

function policiesInForce(
  service: ServiceObject,
  annotated: AnnotatedLimit,
  ofNamespace: PolicyObject | undefined,
  ofService: PolicyObject | undefined,
): readonly string[] {
  const own = annotated.state !== 'absent' && annotated.limit !== undefined ? [`annotation ${annotated.text}`] : []
  return [
    ...(ofNamespace ? [`Policy ${keyOf(ofNamespace)} on Namespace ${service.metadata.namespace}`] : []),
    ...(ofService ? [`Policy ${keyOf(ofService)} on Service ${service.metadata.name}`] : own),
  ]
}

function policyVerdict(
  policy: PolicyObject,
  targets: readonly TargetVerdict[],
  routes: ReadonlyMap<string, CompiledRoute>,
): Verdict {
  const reached = targets.map((target) =>
    target.outcome === 'Accepted' ? { ...target, items: itemsOf(target, routes) } : target,
  )
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

function itemsOf({ ref }: TargetVerdict, routes: ReadonlyMap<string, CompiledRoute>): Verdict['items'] {
  if (ref.kind === 'Service') {
    const key = `${ref.namespace}/${ref.name}`
    return routes.has(key) ? [{ slice: 'gateway', key }] : []
  }
  return [...routes]
    .filter(([, route]) => route.entry.namespace === ref.namespace)
    .map(([key]) => ({ slice: 'gateway', key }))
}
