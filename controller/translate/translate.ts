import type { GatewayEntry } from '#lib/model/gateway.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import type { PolicyObject } from '../api/objects.ts'
import type { World } from '../watch/source.ts'
import { type AnnotatedLimit, annotatedLimit } from './annotation.ts'
import { malformed } from './malformed.ts'
import { byAge, type Outcome, type Verdict, verdictKey } from './outcome.ts'
import { type AttachedPolicies, attachPolicies } from './policies.ts'
import { type CompiledRoute, compileRoute, shadowedRoutes } from './routes.ts'
import { type CompiledServices, compileServices } from './services.ts'
import { type Basis, malformedPolicy, policyVerdict, type ServiceVerdict, serviceVerdict } from './verdicts.ts'

/** An outcome with the parts it was made of, handed to the next translation so that what is unchanged stays the same value. */
export interface Translation extends Outcome {
  readonly services: CompiledServices
  readonly routes: ReadonlyMap<string, CompiledRoute>
  readonly serviceVerdicts: ReadonlyMap<string, ServiceVerdict>
}

export const NOTHING: Translation = {
  model: { registry: new Map(), gateway: new Map() },
  verdicts: new Map(),
  lastGood: new Map(),
  services: new Map(),
  routes: new Map(),
  serviceVerdicts: new Map(),
}

/**
 * The whole world to the whole model, pure: the same world and last good values give the same outcome.
 * Order: services first (all else refers to them), then policies on them, then routes that carry both, then verdicts.
 */
export function translate(world: World, last: Translation = NOTHING): Translation {
  const services = compileServices(world.services, world.endpointSlices.values(), last.services)
  const policies = attachPolicies(
    [...world.policies.values()].filter((each) => malformed(each) === undefined),
    services,
  )
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
  const shadowed = shadowedRoutes(routes.values())
  const serviceVerdicts = new Map<string, ServiceVerdict>()
  for (const [key, service] of services) {
    const { namespace } = service.object.metadata
    const basis: Basis = {
      service,
      annotated: annotated.get(key) ?? { state: 'absent' },
      ofNamespace: policies.ofNamespace.get(namespace),
      ofService: policies.ofService.get(key),
      isRouted: routes.has(key),
      shadowedBy: shadowed.get(key),
    }
    serviceVerdicts.set(key, serviceVerdict(key, basis, last.serviceVerdicts.get(key)))
  }
  return {
    model: { registry: registryItems(services), gateway: gatewayItems(routes) },
    verdicts: allVerdicts(serviceVerdicts, world.policies.values(), policies, routes),
    lastGood,
    services,
    routes,
    serviceVerdicts,
  }
}

function allVerdicts(
  services: ReadonlyMap<string, ServiceVerdict>,
  policies: Iterable<PolicyObject>,
  { targets }: AttachedPolicies,
  routes: ReadonlyMap<string, CompiledRoute>,
): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>()
  for (const { verdict } of services.values()) verdicts.set(verdictKey(verdict.object), verdict)
  for (const policy of [...policies].sort(byAge)) {
    const fault = malformed(policy)
    verdicts.set(
      verdictKey(policy),
      fault === undefined ? policyVerdict(policy, targets.get(policy) ?? [], routes) : malformedPolicy(policy, fault),
    )
  }
  return verdicts
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
