import type { NameValue, RouteMatch } from '#lib/model/gateway.ts'
import { wildcardsOf } from './host.ts'
import { byPrecedence } from './precedence.ts'
import type { Asked, Rule } from './rule.ts'

/** Rules of one hostname, the strongest of each path first. */
interface HostRules<S> {
  readonly exact: Map<string, Rule<S>[]>
  /** By prefix without a trailing slash; the empty one matches all. */
  readonly prefix: Map<string, Rule<S>[]>
}

/**
 * Routes in the precedence of Gateway API's HTTPRoute: the hostname with most characters, then the exact path, the longest
 * prefix (by segments), the method, most headers, most query parameters, the oldest, the name, the first rule.
 * https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
 */
export interface RouteTable<S> {
  readonly find: (asked: Asked) => Rule<S> | undefined
  readonly rules: readonly Rule<S>[]
}

const EVERY_HOST = ''

export function routeTable<S>(rules: readonly Rule<S>[]): RouteTable<S> {
  const hosts = new Map<string, HostRules<S>>()
  // Only these need an order: of 10,000 rules hardly any two have one host and path.
  const contested = new Set<Rule<S>[]>()
  for (const rule of rules) {
    const { hostnames } = rule.entry
    for (const hostname of hostnames.length > 0 ? hostnames : [EVERY_HOST]) {
      const rulesOfPath = place(hosts, hostname, rule)
      if (rulesOfPath.length > 1) contested.add(rulesOfPath)
    }
  }
  for (const rulesOfPath of contested) rulesOfPath.sort(byPrecedence)

  function find(asked: Asked): Rule<S> | undefined {
    const exact = hosts.get(asked.host)
    let found = exact === undefined || asked.host === EVERY_HOST ? undefined : inHost(exact, asked)
    // One table without hostnames is the common case: no wildcard is looked for then.
    if (found === undefined && hosts.size > 1) {
      for (const wildcard of wildcardsOf(asked.host)) {
        const rulesOfHost = hosts.get(wildcard)
        found = rulesOfHost === undefined ? undefined : inHost(rulesOfHost, asked)
        if (found !== undefined) return found
      }
    }
    const every = hosts.get(EVERY_HOST)
    return found ?? (every === undefined ? undefined : inHost(every, asked))
  }

  return { find, rules }
}

function place<S>(hosts: Map<string, HostRules<S>>, hostname: string, rule: Rule<S>): Rule<S>[] {
  const rulesOfHost = hosts.get(hostname) ?? { exact: new Map(), prefix: new Map() }
  hosts.set(hostname, rulesOfHost)
  const { type, value } = rule.match.path
  const [paths, key] = type === 'Exact' ? [rulesOfHost.exact, value] : [rulesOfHost.prefix, prefixKey(value)]
  const rulesOfPath = paths.get(key) ?? []
  if (rulesOfPath.length === 0) paths.set(key, rulesOfPath)
  rulesOfPath.push(rule)
  return rulesOfPath
}

/** A prefix as it is looked up: a trailing slash is ignored (HTTPPathMatch). */
export function prefixKey(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
}

function inHost<S>({ exact, prefix }: HostRules<S>, asked: Asked): Rule<S> | undefined {
  const { path } = asked
  const found = first(exact.get(path), asked)
  if (found !== undefined || prefix.size === 0) return found
  // Every prefix that ends at a segment, longest first.
  for (let end = path.length; end >= 0; end = end === 0 ? -1 : path.lastIndexOf('/', end - 1)) {
    const candidate = first(prefix.get(end === path.length ? path : path.slice(0, end)), asked)
    if (candidate !== undefined) return candidate
  }
  return undefined
}

function first<S>(rules: readonly Rule<S>[] | undefined, asked: Asked): Rule<S> | undefined {
  if (rules === undefined) return undefined
  for (const rule of rules) if (holds(rule.match, asked)) return rule
  return undefined
}

function holds({ method, headers, queryParams }: RouteMatch, asked: Asked): boolean {
  return (
    (method === undefined || method === asked.method) &&
    (headers.length === 0 || headers.every(({ name, value }) => asked.header(name) === value)) &&
    (queryParams.length === 0 || hasParams(queryParams, asked.query))
  )
}

// HTTPQueryParamMatch: of several values of one parameter the first counts.
function hasParams(wanted: readonly NameValue[], query: string): boolean {
  const given = new URLSearchParams(query)
  return wanted.every(({ name, value }) => given.get(name) === value)
}
