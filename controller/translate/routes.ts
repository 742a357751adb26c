import type { GatewayEntry, NameValue, RateLimit, RouteMatch } from '#lib/model/gateway.ts'
import { keyOf, type PolicyObject, type ServiceObject } from '../api/objects.ts'
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
  /** What it claims to answer. */
  readonly claims: Claims
}

/** A route's matches as texts that are equal for identical ones; the last value while they are the same. */
export interface Claims {
  readonly object: ServiceObject
  readonly all: readonly { readonly text: string; readonly host: string; readonly match: RouteMatch }[]
}

export interface RouteInputs {
  readonly service: Extract<CompiledService, { accepted: true }>
  readonly ofNamespace: PolicyObject | undefined
  readonly ofService: PolicyObject | undefined
}

/** The gateway's entry for an exposed Service; undefined when it is not exposed. */
export function compileRoute(inputs: RouteInputs, last: CompiledRoute | undefined): CompiledRoute | undefined {
  const { service, ofNamespace, ofService } = inputs
  const { object, entry, annotated } = service
  const { expose } = object.spec
  if (expose === undefined) return undefined
  const annotation = annotated.state === 'absent' ? undefined : annotated.text
  const { endpointsRev } = entry
  const next = { object, ofNamespace, ofService, annotation, endpointsRev }
  if (last !== undefined && sameInputs(last, next)) return last
  const hostnames = expose.hostnames ?? []
  const routes = expose.paths.map(matchOf)
  return {
    ...next,
    claims: claimsOf(object, hostnames, routes, last?.claims),
    entry: {
      uid: entry.uid,
      namespace: entry.namespace,
      object: entry.object,
      name: entry.name,
      endpointsRev,
      hostnames,
      routes,
      limits: limitsInForce(inputs),
      createdAt: entry.createdAt,
    },
  }
}

type Inputs = Omit<CompiledRoute, 'entry' | 'claims'>

function sameInputs(a: Inputs, b: Inputs): boolean {
  return (
    a.object === b.object &&
    a.ofNamespace === b.ofNamespace &&
    a.ofService === b.ofService &&
    a.annotation === b.annotation &&
    a.endpointsRev === b.endpointsRev
  )
}

// Scopes stack, widest first; a Policy at service scope stands in the place of the annotation.
function limitsInForce({ service, ofNamespace, ofService }: RouteInputs): readonly RateLimit[] {
  const { annotated } = service
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

function claimsOf(
  object: ServiceObject,
  hostnames: readonly string[],
  matches: readonly RouteMatch[],
  last: Claims | undefined,
): Claims {
  const hosts = hostnames.length > 0 ? hostnames : ['*']
  const all = hosts.flatMap((host) => matches.map((match) => ({ text: claimOf(host, match), host, match })))
  const isSame =
    last?.object.metadata.uid === object.metadata.uid &&
    last.all.length === all.length &&
    last.all.every(({ text }, i) => text === all[i]?.text)
  return isSame ? last : { object, all }
}

/** Who stands behind whom: routes with an identical match, by `namespace/object` of the one that never answers. */
export function shadowedRoutes(routes: ReadonlyMap<string, Claims>): ReadonlyMap<string, string> {
  const winners = new Map<string, ServiceObject>()
  const contested = new Set<string>()
  for (const { object, all } of routes.values()) {
    for (const { text } of all) {
      const winner = winners.get(text)
      if (winner === undefined) winners.set(text, object)
      else if (winner !== object) {
        contested.add(text)
        if (byAge(object, winner) < 0) winners.set(text, object)
      }
    }
  }
  const shadowed = new Map<string, string>()
  if (contested.size === 0) return shadowed
  for (const [key, { object, all }] of routes) {
    for (const { text, host, match } of all) {
      const winner = winners.get(text)
      if (winner === undefined || winner === object) continue
      const where = `${match.path.type} ${match.path.value} on ${host === '*' ? 'every host' : host}`
      shadowed.set(key, `${where} is answered by the older Service ${keyOf(winner)}`)
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
