import { describe, expect, it } from 'vitest'
import type { GatewayEntry, RouteMatch } from '#lib/model/gateway.ts'
import { upstreamPath } from './rewrite.ts'
import type { Asked, Rule } from './rule.ts'
import { routeTable } from './table.ts'

function entry(object: string, more: Partial<GatewayEntry> = {}): GatewayEntry {
  return {
    ...{ uid: object, namespace: 'd', object, name: object, endpointsRev: 'r', hostnames: [], routes: [], limits: [] },
    createdAt: '2026-01-01T00:00:00Z',
    ...more,
  }
}

function prefix(value: string, more: Partial<RouteMatch> = {}): RouteMatch {
  return { path: { type: 'PathPrefix', value }, headers: [], queryParams: [], ...more }
}

function exact(value: string, more: Partial<RouteMatch> = {}): RouteMatch {
  return { ...prefix(value, more), path: { type: 'Exact', value } }
}

function table(...entries: readonly GatewayEntry[]) {
  const rules = entries.flatMap((each) =>
    each.routes.map((match, index): Rule<string> => ({ entry: each, index, match, serve: `${each.object}/${index}` })),
  )
  return routeTable(rules)
}

function ask(more: Partial<Asked> & { readonly headers?: Readonly<Record<string, string>> }): Asked {
  return { host: 'h', path: '/', method: 'GET', query: '', header: (name) => more.headers?.[name], ...more }
}

describe('HTTPRoute precedence', () => {
  const hosts = table(
    entry('every', { routes: [exact('/x'), prefix('/only-every')] }),
    entry('org', { hostnames: ['*.org'], routes: [prefix('/')] }),
    entry('wild', { hostnames: ['*.example.org'], routes: [prefix('/')] }),
    entry('exact', { hostnames: ['a.example.org'], routes: [prefix('/x')] }),
  )
  const paths = table(
    entry('root', { routes: [prefix('/')] }),
    entry('users', { routes: [prefix('/users'), exact('/users/me'), prefix('/users/me/')] }),
    entry('slash', { routes: [prefix('/slash/')] }),
  )
  const ties = table(
    entry('young', { createdAt: '2026-02-01T00:00:00Z', routes: [prefix('/t'), prefix('/t', { method: 'POST' })] }),
    entry('old-b', { routes: [prefix('/t')] }),
    entry('old-a', {
      routes: [
        prefix('/t', { headers: [{ name: 'v', value: '2' }] }),
        prefix('/t', {
          headers: [
            { name: 'v', value: '2' },
            { name: 'w', value: '1' },
          ],
        }),
        prefix('/t', { queryParams: [{ name: 'q', value: '1' }] }),
        prefix('/t'),
        prefix('/t'),
      ],
    }),
  )

  it.each([
    { routes: hosts, asked: ask({ host: 'a.example.org', path: '/x' }), gives: 'exact/0' },
    { routes: hosts, asked: ask({ host: 'a.example.org', path: '/other' }), gives: 'wild/0' },
    { routes: hosts, asked: ask({ host: 'b.example.org', path: '/x' }), gives: 'wild/0' },
    { routes: hosts, asked: ask({ host: 'deep.b.example.org', path: '/x' }), gives: 'wild/0' },
    { routes: hosts, asked: ask({ host: 'example.org', path: '/x' }), gives: 'org/0' },
    { routes: hosts, asked: ask({ host: 'example.com', path: '/x' }), gives: 'every/0' },
    { routes: hosts, asked: ask({ host: '', path: '/x' }), gives: 'every/0' },
    { routes: hosts, asked: ask({ host: 'example.com', path: '/y' }), gives: undefined },
    { routes: paths, asked: ask({ path: '/' }), gives: 'root/0' },
    { routes: paths, asked: ask({ path: '/usersmore' }), gives: 'root/0' },
    { routes: paths, asked: ask({ path: '/users' }), gives: 'users/0' },
    { routes: paths, asked: ask({ path: '/users/' }), gives: 'users/0' },
    { routes: paths, asked: ask({ path: '/users/1/x' }), gives: 'users/0' },
    { routes: paths, asked: ask({ path: '/users/me' }), gives: 'users/1' },
    { routes: paths, asked: ask({ path: '/users/me/x' }), gives: 'users/2' },
    { routes: paths, asked: ask({ path: '/slash' }), gives: 'slash/0' },
    { routes: paths, asked: ask({ path: '/slash/x' }), gives: 'slash/0' },
    { routes: ties, asked: ask({ path: '/t', method: 'POST' }), gives: 'young/1' },
    { routes: ties, asked: ask({ path: '/t', headers: { v: '2', w: '1' } }), gives: 'old-a/1' },
    { routes: ties, asked: ask({ path: '/t', headers: { v: '2' } }), gives: 'old-a/0' },
    { routes: ties, asked: ask({ path: '/t', query: '?q=1&q=2' }), gives: 'old-a/2' },
    { routes: ties, asked: ask({ path: '/t', query: '?q=2&q=1' }), gives: 'old-a/3' },
    { routes: ties, asked: ask({ path: '/t' }), gives: 'old-a/3' },
  ])('gives $gives to $asked.method $asked.host$asked.path$asked.query', ({ routes, asked, gives }) => {
    expect(routes.find(asked)?.serve).toBe(gives)
  })

  it('knows nothing in an empty table', () => expect(table().find(ask({}))).toBeUndefined())

  it('holds names that are properties of every object as plain text', () => {
    const routes = table(entry('proto', { hostnames: ['constructor'], routes: [exact('/__proto__')] }))
    expect(routes.find(ask({ host: 'constructor', path: '/__proto__' }))?.serve).toBe('proto/0')
    expect(routes.find(ask({ host: '__proto__', path: '/constructor' }))).toBeUndefined()
  })
})

describe('the path upstream', () => {
  it.each([
    { match: prefix('/a'), path: '/a/b', gives: '/a/b' },
    { match: prefix('/a', { rewrite: '/' }), path: '/a', gives: '/' },
    { match: prefix('/a', { rewrite: '/' }), path: '/a/b', gives: '/b' },
    { match: prefix('/a', { rewrite: '/x' }), path: '/a/b', gives: '/x/b' },
    { match: prefix('/a/', { rewrite: '/x/' }), path: '/a/b', gives: '/x/b' },
    { match: prefix('/', { rewrite: '/x' }), path: '/b', gives: '/x/b' },
    { match: exact('/a', { rewrite: '/x/y' }), path: '/a', gives: '/x/y' },
  ])('of $path by $match.path.value → $match.rewrite is $gives', ({ match, path, gives }) => {
    expect(upstreamPath(match, path)).toBe(gives)
  })
})
