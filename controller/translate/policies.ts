import { durationMs } from '#lib/model/duration.ts'
import type { LimitKey, RateLimit } from '#lib/model/gateway.ts'
import type { PolicyObject } from '../api/objects.ts'
import { differing } from './derived.ts'
import { byAge, type TargetVerdict } from './outcome.ts'
import type { CompiledServices } from './services.ts'

type Target = PolicyObject['spec']['targetRefs'][number]

/** Which policy's rate limits are in force where; scopes stack, and within one scope the oldest holds (research §8.3–4). */
export interface AttachedPolicies {
  /** By namespace: counted together over every service of it. */
  readonly ofNamespace: ReadonlyMap<string, PolicyObject>
  /** By `namespace/object` of the Service. */
  readonly ofService: ReadonlyMap<string, PolicyObject>
  readonly targets: ReadonlyMap<PolicyObject, readonly TargetVerdict[]>
}

export const NO_POLICIES: AttachedPolicies = { ofNamespace: new Map(), ofService: new Map(), targets: new Map() }

/** Maps that come out as they were keep their reference. */
export function attachPolicies(
  policies: Iterable<PolicyObject>,
  services: CompiledServices,
  last: AttachedPolicies,
): AttachedPolicies {
  const ofNamespace = new Map<string, PolicyObject>()
  const ofService = new Map<string, PolicyObject>()
  const targets = new Map<PolicyObject, readonly TargetVerdict[]>()
  for (const policy of [...policies].sort(byAge)) {
    targets.set(
      policy,
      policy.spec.targetRefs.map((target) => attach(policy, target)),
    )
  }
  return {
    ofNamespace: differing(ofNamespace, last.ofNamespace).changed.size === 0 ? last.ofNamespace : ofNamespace,
    ofService: differing(ofService, last.ofService).changed.size === 0 ? last.ofService : ofService,
    targets,
  }

  function attach(policy: PolicyObject, target: Target): TargetVerdict {
    const namespace = policy.metadata.namespace
    const refusal = target.kind === 'Namespace' ? otherNamespace(namespace, target) : noSuchService(namespace, target)
    if (refusal !== undefined) return verdict(namespace, target, refusal.outcome, refusal.message)
    const [holders, key] =
      target.kind === 'Namespace' ? [ofNamespace, namespace] : [ofService, `${namespace}/${target.name}`]
    const holder = holders.get(key)
    if (holder !== undefined && holder !== policy) {
      const message = `rateLimits of this target are held by the older Policy ${holder.metadata.namespace}/${holder.metadata.name}`
      return verdict(namespace, target, 'Conflicted', message)
    }
    holders.set(key, policy)
    return verdict(namespace, target, 'Accepted', 'Policy is in force')
  }

  function noSuchService(namespace: string, target: Target): Refusal | undefined {
    if (services.has(`${namespace}/${target.name}`)) return undefined
    return { outcome: 'TargetNotFound', message: `There is no Service ${namespace}/${target.name}` }
  }
}

interface Refusal {
  readonly outcome: TargetVerdict['outcome']
  readonly message: string
}

function otherNamespace(namespace: string, target: Target): Refusal | undefined {
  if (target.name === namespace) return undefined
  return { outcome: 'Invalid', message: `A Policy may target its own namespace ${namespace} only, not ${target.name}` }
}

function verdict(namespace: string, target: Target, outcome: TargetVerdict['outcome'], message: string): TargetVerdict {
  const group = target.kind === 'Namespace' ? '' : 'soaplane.dev'
  return { ref: { group, kind: target.kind, namespace, name: target.name }, outcome, message, items: [] }
}

/** The limits a policy brings to a target; `targetId` is the target's UID (a namespace's name). */
export function limitsOf(policy: PolicyObject, targetId: string): readonly RateLimit[] {
  const { rateLimits = [], mode = 'Enforce' } = policy.spec
  return rateLimits.map((rule) => ({
    id: `${policy.metadata.uid}/${rule.name}/${targetId}`,
    name: `${policy.metadata.name}/${rule.name}`,
    limit: rule.limit,
    periodMs: durationMs(rule.period) ?? 0,
    key: keyOfRule(rule.key),
    scope: rule.scope === 'Replica' ? 'replica' : 'cluster',
    onError: rule.onError === 'Open' ? 'open' : rule.onError === 'Closed' ? 'closed' : 'local',
    mode,
  }))
}

function keyOfRule(key: NonNullable<PolicyObject['spec']['rateLimits']>[number]['key']): LimitKey {
  switch (key?.type ?? 'Global') {
    case 'Global':
      return { by: 'global' }
    case 'ClientIP':
      return { by: 'clientIp' }
    case 'Consumer':
      return { by: 'consumer' }
    case 'Header':
      // The schema demands a header beside this type.
      return { by: 'header', header: (key?.header ?? '').toLowerCase() }
  }
}
