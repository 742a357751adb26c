import type { GatewayEntry, NameValue, RateLimit, RouteMatch } from '#lib/model/gateway.ts'
import { keyOf, type PolicyObject, type ServiceObject } from '../api/objects.ts'
import type { AnnotatedLimit } from './annotation.ts'
import { byAge } from './outcome.ts'
import { limitsOf } from './policies.ts'
import type { CompiledService } from './services.ts'

/** A gateway entry beside what it was compiled from: the same inputs give the same entry, by reference. */
export interface CompiledRoute {
  readonly entry: GatewayEntry
  readonly object: ServiceObject
  readonly ofNamespace: PolicyObject | undefined
  readonly ofService: PolicyObject | undefined
  readonly annotation: string | undefined
  readonly endpointsRev: string
}

export interface RouteInputs {
  readonly service: Extract<CompiledService, { accepted: true }>
  readonly ofNamespace: PolicyObject | undefined
  readonly ofService: PolicyObject | undefined
  readonly annotated: AnnotatedLimit
}

/** The gateway's entry for an exposed Service; undefined when it is not exposed. */
export function compileRoute(inputs: RouteInputs, last: CompiledRoute | undefined): CompiledRoute | undefined {
  const { service, ofNamespace, ofService, annotated } = inputs
  const { object, entry } = service
  const { expose } = object.spec
  if (expose === undefined) return undefined
  const annotation = annotated.state === 'absent' ? undefined : annotated.text
  const { endpointsRev } = entry
  const next = { object, ofNamespace, ofService, annotation, endpointsRev }
  if (last !== undefined && sameInputs(last, next)) return last
  return {
    ...next,
    entry: {
      uid: entry.uid,
      namespace: entry.namespace,
      object: entry.object,
      name: entry.name,
      endpointsRev,
      hostnames: expose.hostnames ?? [],
      routes: expose.paths.map(matchOf),
      limits: limitsInForce(inputs),
      createdAt: entry.createdAt,
    },
  }
}

function sameInputs(a: Omit<CompiledRoute, 'entry'>, b: Omit<CompiledRoute, 'entry'>): boolean {
  return (
    a.object === b.object &&
    a.ofNamespace === b.ofNamespace &&
    a.ofService === b.ofService &&
    a.annotation === b.annotation &&
    a.endpointsRev === b.endpointsRev
  )
}

// Scopes stack, widest first; a Policy at service scope stands in the place of the annotation.
function limitsInForce({ service, ofNamespace, ofService, annotated }: RouteInputs): readonly RateLimit[] {
  const own = annotated.state === 'absent' || annotated.limit === undefined ? [] : [annotated.limit]
  return [
    ...(ofNamespace ? limitsOf(ofNamespace, ofNamespace.metadata.namespace) : []),
    ...(ofService ? limitsOf(ofService, service.entry.uid) : own),
  ]
}

type ExposedPath = NonNullable<ServiceObject['spec']['expose']>['paths'][number]

function matchOf({ type, value, method, headers, queryParams, rewrite }: ExposedPath): RouteMatch {
  return {
    path: { type: type ?? 'PathPrefix', value },
    ...(method !== undefined && { method }),
    headers: firstOfEach((headers ?? []).map((each) => ({ name: each.name.toLowerCase(), value: each.value }))),
    queryParams: firstOfEach(queryParams ?? []),
    ...(rewrite !== undefined && { rewrite }),
  }
}

// HTTPRouteMatch: of several entries with an equivalent name only the first counts.
function firstOfEach(pairs: readonly NameValue[]): readonly NameValue[] {
  return pairs.filter(({ name }, i) => pairs.findIndex((other) => other.name === name) === i)
}

/** Who stands behind whom: routes with an identical match, by `namespace/object` of the one that never answers. */
export function shadowedRoutes(routes: Iterable<CompiledRoute>): ReadonlyMap<string, string> {
  const winners = new Map<string, ServiceObject>()
  const shadowed = new Map<string, string>()
  for (const { entry, object } of [...routes].sort((a, b) => byAge(a.object, b.object))) {
    for (const host of entry.hostnames.length > 0 ? entry.hostnames : ['*']) {
      for (const match of entry.routes) {
        const claim = claimOf(host, match)
        const winner = winners.get(claim)
        if (winner === undefined) winners.set(claim, object)
        else if (winner !== object) {
          shadowed.set(
            keyOf(object),
            `${match.path.type} ${match.path.value} on ${host === '*' ? 'every host' : host} is answered by the older Service ${keyOf(winner)}`,
          )
        }
      }
    }
  }
  return shadowed
}

function claimOf(host: string, { path, method, headers, queryParams }: RouteMatch): string {
  const plain = `${host} ${method ?? ''} ${path.type} ${path.value}`
  if (headers.length === 0 && queryParams.length === 0) return plain
  const sorted = (pairs: readonly NameValue[]) => pairs.map(({ name, value }) => `${name}=${value}`).sort()
  return JSON.stringify([plain, sorted(headers), sorted(queryParams)])
}
