import type { ManagedObject } from '#controller/api/objects.ts'
import { REFUSED_ROUTES, TAKEN_ROUTES } from './message-route-specs.ts'

/** A spec as a user would write it, and the field that must be named when it is refused. */
export interface SpecRow {
  readonly what: string
  readonly kind: ManagedObject['kind']
  readonly spec: unknown
}

const url = 'http://10.0.0.1'
const targetRefs = [{ kind: 'Service', name: 'a' }]
const rule = { name: 'r', limit: 1, period: '1s' }
const many = <T>(count: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i))

const service = (what: string, field: string, spec: unknown) => ({ what, kind: 'Service' as const, field, spec })
const exposed = (what: string, field: string, expose: unknown) => service(what, field, { url, expose })
const path = (what: string, field: string, entry: unknown) => exposed(what, field, { paths: [entry] })
const policy = (what: string, field: string, spec: unknown) => ({ what, kind: 'Policy' as const, field, spec })
const limit = (what: string, field: string, changes: object) =>
  policy(what, field, { targetRefs, rateLimits: [{ ...rule, ...changes }] })

/** Refused by the API server and by the folder alike. */
export const REFUSED: readonly (SpecRow & { readonly field: string })[] = [
  service('no spec', 'spec', undefined),
  service('another scheme', 'spec.url', { url: 'ftp://host/x' }),
  service('credentials in the URL', 'spec.url', { url: 'http://u:p@host' }),
  service('a query in the URL', 'spec.url', { url: 'http://host/?a=b' }),
  service('a URL of 2,049 characters', 'spec.url', { url: `http://host/${'x'.repeat(2_037)}` }),
  service('a number for a URL', 'spec.url', { url: 7 }),
  service('a registry name with a slash', 'spec.name', { url, name: 'a/b' }),
  service('a registry name of 129 characters', 'spec.name', { url, name: 'x'.repeat(129) }),
  service('an empty version', 'spec.version', { url, version: '' }),
  service('an owner of 254 characters', 'spec.owner', { url, owner: 'x'.repeat(254) }),
  service('no address at all', 'spec', {}),
  service('two kinds of address', 'spec', { url, kubernetesService: { name: 'x', port: '80' } }),
  service('a core Service without a port', 'spec.kubernetesService.port', { kubernetesService: { name: 'x' } }),
  service('a core Service of another scheme', 'spec.kubernetesService.scheme', {
    kubernetesService: { name: 'x', port: '80', scheme: 'ftp' },
  }),
  service('a missing instance', 'spec.endpoints[0].instance', { endpoints: [{ url }] }),
  service('a bad URL among several', 'spec.endpoints[1].url', {
    endpoints: [
      { instance: 'x', url },
      { instance: 'y', url: 'host:80' },
    ],
  }),
  service('no endpoint', 'spec.endpoints', { endpoints: [] }),
  service('1,001 endpoints', 'spec.endpoints', { endpoints: many(1_001, (i) => ({ instance: `i${i}`, url })) }),
  service('the same instance twice', 'spec.endpoints[1]', {
    endpoints: [
      { instance: 'x', url },
      { instance: 'x', url },
    ],
  }),
  service('a lease that is no duration', 'spec.endpoints[0].ttl', {
    endpoints: [{ instance: 'x', url, ttl: '1 day' }],
  }),
  service('65 labels', 'spec.metadata', { url, metadata: Object.fromEntries(many(65, (i) => [`k${i}`, 'v'])) }),
  service('a label that is a number', 'spec.metadata.k', { url, metadata: { k: 1 } }),
  service('an unknown kind of check', 'spec.health.type', { url, health: { type: 'grpc' } }),
  service('no failure allowed', 'spec.health.unhealthyAfter', { url, health: { unhealthyAfter: 0 } }),
  service('half a failure', 'spec.health.unhealthyAfter', { url, health: { unhealthyAfter: 1.5 } }),
  service('a timeout over the interval', 'spec.health', { url, health: { interval: '1s', timeout: '2s' } }),
  service('a timeout over the default interval', 'spec.health', { url, health: { timeout: '11s' } }),
  service('an interval under 100ms', 'spec.health', { url, health: { interval: '99ms', timeout: '50ms' } }),
  service('a timeout under 10ms', 'spec.health', { url, health: { timeout: '9ms' } }),
  exposed('exposed at no path', 'spec.expose.paths', {}),
  exposed('exposed at an empty list of paths', 'spec.expose.paths', { paths: [] }),
  exposed('65 paths', 'spec.expose.paths', { paths: many(65, (i) => ({ value: `/${i}` })) }),
  exposed('an upper-case hostname', 'spec.expose.hostnames[0]', {
    hostnames: ['Example.com'],
    paths: [{ value: '/' }],
  }),
  exposed('the same hostname twice', 'spec.expose.hostnames[1]', {
    hostnames: ['a.b', 'a.b'],
    paths: [{ value: '/' }],
  }),
  path('a path without a slash', 'spec.expose.paths[0].value', { value: 'x' }),
  path('a path with dots', 'spec.expose.paths[0]', { value: '/a/../b' }),
  path('a path that ends in dots', 'spec.expose.paths[0]', { value: '/a/..' }),
  path('a path with one dot', 'spec.expose.paths[0]', { value: '/a/./b' }),
  path('a path that ends in one dot', 'spec.expose.paths[0]', { value: '/a/.' }),
  path('a path with two slashes', 'spec.expose.paths[0]', { value: '/a//b' }),
  path('an unknown kind of match', 'spec.expose.paths[0].type', { value: '/', type: 'RegularExpression' }),
  path('an unknown method', 'spec.expose.paths[0].method', { value: '/', method: 'BREW' }),
  path('a header without a value', 'spec.expose.paths[0].headers[0].value', { value: '/', headers: [{ name: 'x' }] }),
  path('a header name with a space', 'spec.expose.paths[0].headers[0].name', {
    value: '/',
    headers: [{ name: 'x y', value: 'z' }],
  }),
  path('a relative rewrite', 'spec.expose.paths[0].rewrite', { value: '/', rewrite: 'x' }),
  policy('no target', 'spec.targetRefs', { rateLimits: [rule] }),
  policy('an empty list of targets', 'spec.targetRefs', { targetRefs: [], rateLimits: [rule] }),
  policy('17 targets', 'spec.targetRefs', {
    targetRefs: many(17, (i) => ({ kind: 'Service', name: `s${i}` })),
    rateLimits: [rule],
  }),
  policy('a target of another kind', 'spec.targetRefs[0].kind', {
    targetRefs: [{ kind: 'Deployment', name: 'a' }],
    rateLimits: [rule],
  }),
  policy('a target without a name', 'spec.targetRefs[0].name', {
    targetRefs: [{ kind: 'Service' }],
    rateLimits: [rule],
  }),
  policy('an unknown mode', 'spec.mode', { targetRefs, rateLimits: [rule], mode: 'Warn' }),
  policy('nothing to enforce', 'spec', { targetRefs }),
  policy('an empty list to enforce', 'spec', { targetRefs, rateLimits: [] }),
  policy('17 limits', 'spec.rateLimits', { targetRefs, rateLimits: many(17, (i) => ({ ...rule, name: `r${i}` })) }),
  policy('the same limit twice', 'spec.rateLimits[1]', { targetRefs, rateLimits: [rule, { ...rule, limit: 2 }] }),
  limit('a limit over a million', 'spec.rateLimits[0].limit', { limit: 1_000_001 }),
  limit('a limit under 0', 'spec.rateLimits[0].limit', { limit: -1 }),
  limit('a limit in words', 'spec.rateLimits[0].limit', { limit: 'five' }),
  limit('no period', 'spec.rateLimits[0].period', { period: undefined }),
  limit('a period of no unit', 'spec.rateLimits[0].period', { period: '10' }),
  limit('a period under 100ms', 'spec.rateLimits[0]', { period: '99ms' }),
  limit('a period over a day', 'spec.rateLimits[0]', { period: '25h' }),
  limit('a rule name in upper case', 'spec.rateLimits[0].name', { name: 'R' }),
  limit('an unknown key', 'spec.rateLimits[0].key.type', { key: { type: 'Weather' } }),
  limit('a header key without a header', 'spec.rateLimits[0].key', { key: { type: 'Header' } }),
  limit('a header for another key', 'spec.rateLimits[0].key', { key: { type: 'ClientIP', header: 'x' } }),
  limit('an unknown scope', 'spec.rateLimits[0].scope', { scope: 'Galaxy' }),
  limit('an unknown way out', 'spec.rateLimits[0].onError', { onError: 'Panic' }),
  ...REFUSED_ROUTES,
]

/** Taken by the API server and by the folder alike, with the same defaults. */
export const TAKEN: readonly SpecRow[] = [
  { what: 'a URL alone', kind: 'Service', spec: { url } },
  { what: 'the longest URL', kind: 'Service', spec: { url: `http://host/${'x'.repeat(2_036)}` } },
  { what: 'a registry name in mixed case', kind: 'Service', spec: { url, name: 'ServiceA' } },
  { what: 'a check with defaults', kind: 'Service', spec: { url, health: {} } },
  { what: 'a check at its bounds', kind: 'Service', spec: { url, health: { interval: '100ms', timeout: '100ms' } } },
  {
    what: 'several instances',
    kind: 'Service',
    spec: {
      endpoints: [
        { instance: '10.0.0.1:80', url, ttl: '1m30s' },
        { instance: 'b', url, version: '2' },
      ],
    },
  },
  { what: 'a core Service', kind: 'Service', spec: { kubernetesService: { name: 'web', port: 'http' } } },
  {
    what: 'every way to match',
    kind: 'Service',
    spec: {
      url,
      expose: {
        hostnames: ['*.example.com', 'example.com'],
        paths: [
          { value: '/' },
          { value: '/a..b/.c/d.', type: 'Exact', method: 'PATCH', rewrite: '/x' },
          {
            value: '/%2e%2e/ünï',
            headers: [{ name: 'X-Team', value: 'a b' }],
            queryParams: [{ name: 'v', value: '1' }],
          },
        ],
      },
    },
  },
  { what: 'a limit with defaults', kind: 'Policy', spec: { targetRefs, rateLimits: [rule] } },
  {
    what: 'every key, scope and bound',
    kind: 'Policy',
    spec: {
      mode: 'Audit',
      targetRefs: [...targetRefs, { group: '', kind: 'Namespace', name: 'shop' }],
      rateLimits: [
        { name: 'a', limit: 0, period: '100ms', key: { type: 'Header', header: 'X-Api-Key' }, scope: 'Replica' },
        { name: 'b', limit: 1_000_000, period: '24h', key: { type: 'ClientIP' }, onError: 'Closed' },
        { name: 'c', limit: 1, period: '1h1m1s1ms', key: { type: 'Consumer' } },
      ],
    },
  },
  ...TAKEN_ROUTES,
]
