import type { GatewayEntry } from '#lib/model/gateway.ts'
import type { RegistryEntry } from '#lib/model/registry.ts'
import type { PolicyObject } from '../api/objects.ts'
import type { World } from '../watch/source.ts'
import { type Derived, derived, differing } from './derived.ts'
import { type SlicesByService, slicesByService } from './endpoints.ts'
import { malformed } from './malformed.ts'
import { type CompiledMessageRoutes, compileMessageRoutes } from './message-routes/compile.ts'
import { NOTHING_RUNS, type Running, runningAmong } from './message-routes/running.ts'
import { type MessageRouteVerdict, messageRouteVerdict } from './message-routes/verdict.ts'
import { type Holders, holdersOfNames } from './names.ts'
import { byAge, type Outcome, type Verdict, verdictKey } from './outcome.ts'
import { type AttachedPolicies, attachPolicies, NO_POLICIES } from './policies.ts'
import { type Claims, type CompiledRoute, compileRoute, shadowedRoutes } from './routes.ts'
import { type CompiledService, type CompiledServices, compileServices } from './services.ts'
import { type Basis, malformedPolicy, policyVerdict, type ServiceVerdict, serviceVerdict } from './verdicts.ts'

/**
 * An outcome with all that was made on the way, handed to the next translation: what comes out the same keeps its reference,
 * maps too, and what rests on nothing else is not made again.
 */
export interface Translation extends Outcome {
  readonly world: World
  readonly slices: SlicesByService
  readonly holders: Holders
  readonly services: CompiledServices
  readonly policies: AttachedPolicies
  readonly routes: ReadonlyMap<string, CompiledRoute>
  readonly claims: ReadonlyMap<string, Claims>
  readonly shadowed: ReadonlyMap<string, string>
  readonly messageRoutes: CompiledMessageRoutes
  readonly running: Running
  readonly serviceVerdicts: ReadonlyMap<string, ServiceVerdict>
  readonly policyVerdicts: ReadonlyMap<string, Verdict>
  readonly messageRouteVerdicts: ReadonlyMap<string, MessageRouteVerdict>
}

export const NOTHING: Translation = {
  world: { services: new Map(), policies: new Map(), messageRoutes: new Map(), endpointSlices: new Map() },
  model: { registry: new Map(), gateway: new Map(), esb: new Map() },
  verdicts: new Map(),
  slices: new Map(),
  holders: new Map(),
  services: new Map(),
  policies: NO_POLICIES,
  routes: new Map(),
  claims: new Map(),
  shadowed: new Map(),
  messageRoutes: new Map(),
  running: NOTHING_RUNS,
  serviceVerdicts: new Map(),
  policyVerdicts: new Map(),
  messageRouteVerdicts: new Map(),
}

/**
 * The whole world to the whole model, pure: the same world and last good values give the same outcome.
 * Order: services first (all else refers to them), then policies on them, then routes that carry both,
 * then message routes, which name services and each other, then verdicts.
 */
export function translate(world: World, last: Translation = NOTHING): Translation {
  const objects = differing(world.services, last.world.services)
  const slices =
    world.endpointSlices === last.world.endpointSlices ? last.slices : slicesByService(world.endpointSlices.values())
  const holders = holdersOfNames(objects, { services: last.world.services, holders: last.holders })
  const services = compileServices(objects, { slices, holders }, last)
  const readable = [...world.policies.values()].filter((each) => malformed(each) === undefined)
  const policies = attachPolicies(readable, services.map, last.policies)
  const routes = compileRoutes(services, policies, last)
  const claims = derived(routes, last.claims, true, (_key, route) => route.claims)
  const shadowed = claims.map === last.claims ? last.shadowed : shadowedRoutes(claims.map)
  const messageRoutes = compileMessageRoutes(
    differing(world.messageRoutes, last.world.messageRoutes),
    { holders, good: last.running.good },
    last,
  )
  const running = messageRoutes.changed.size === 0 ? last.running : runningAmong(messageRoutes.map, last.running)
  const basis = { policies, routes: routes.map, shadowed }
  const serviceVerdicts = serviceVerdictsOn(services, basis, last)
  const policyVerdicts = policyVerdictsOn(world.policies.values(), policies, routes.map, last.policyVerdicts)
  const messageRouteVerdicts = derived(
    messageRoutes,
    last.messageRouteVerdicts,
    running === last.running,
    (key, route, before) => messageRouteVerdict(key, route, running, before),
  ).map
  return {
    ...{ world, slices, holders, ...basis, running },
    ...{ services: services.map, claims: claims.map, messageRoutes: messageRoutes.map },
    ...{ serviceVerdicts, policyVerdicts, messageRouteVerdicts },
    model: {
      registry: derived(services, last.model.registry, true, (_key, service): RegistryEntry | undefined =>
        service.accepted ? service.entry : undefined,
      ).map,
      gateway: derived(routes, last.model.gateway, true, (_key, { entry }): GatewayEntry => entry).map,
      esb: running.entries,
    },
    verdicts: allVerdicts(serviceVerdicts, policyVerdicts, messageRouteVerdicts),
  }
}

function compileRoutes(
  services: Derived<CompiledService>,
  { ofNamespace, ofService }: AttachedPolicies,
  last: Pick<Translation, 'policies' | 'routes'>,
): Derived<CompiledRoute> {
  const sameElse = ofNamespace === last.policies.ofNamespace && ofService === last.policies.ofService
  return derived<CompiledService, CompiledRoute>(services, last.routes, sameElse, (key, service, before) => {
    if (!service.accepted) return undefined
    const { namespace } = service.object.metadata
    return compileRoute({ service, ofNamespace: ofNamespace.get(namespace), ofService: ofService.get(key) }, before)
  })
}

type Basics = Pick<Translation, 'policies' | 'routes' | 'shadowed'>

function serviceVerdictsOn(
  services: Derived<CompiledService>,
  { policies: { ofNamespace, ofService }, routes, shadowed }: Basics,
  last: Basics & Pick<Translation, 'serviceVerdicts'>,
): ReadonlyMap<string, ServiceVerdict> {
  const samePolicies = ofNamespace === last.policies.ofNamespace && ofService === last.policies.ofService
  // Whether it is routed needs no look of its own: that rests on the Service alone.
  const sameElse = samePolicies && shadowed === last.shadowed
  return derived<CompiledService, ServiceVerdict>(services, last.serviceVerdicts, sameElse, (key, service, before) => {
    const basis: Basis = {
      service,
      ofNamespace: ofNamespace.get(service.object.metadata.namespace),
      ofService: ofService.get(key),
      isRouted: routes.has(key),
      shadowedBy: shadowed.get(key),
    }
    return serviceVerdict(key, basis, before)
  }).map
}

function policyVerdictsOn(
  policies: Iterable<PolicyObject>,
  { targets }: AttachedPolicies,
  routes: ReadonlyMap<string, CompiledRoute>,
  last: ReadonlyMap<string, Verdict>,
): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>()
  for (const policy of [...policies].sort(byAge)) {
    const id = verdictKey(policy)
    const fault = malformed(policy)
    const verdict =
      fault === undefined
        ? policyVerdict(policy, targets.get(policy) ?? [], routes, last.get(id))
        : malformedPolicy(policy, fault)
    verdicts.set(id, verdict)
  }
  return verdicts
}

function allVerdicts(
  services: ReadonlyMap<string, ServiceVerdict>,
  policies: ReadonlyMap<string, Verdict>,
  messageRoutes: ReadonlyMap<string, MessageRouteVerdict>,
): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>()
  for (const { id, verdict } of services.values()) verdicts.set(id, verdict)
  for (const [id, verdict] of policies) verdicts.set(id, verdict)
  for (const { id, verdict } of messageRoutes.values()) verdicts.set(id, verdict)
  return verdicts
}
