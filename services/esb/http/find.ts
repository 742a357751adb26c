import type { RunningRoute, RunningRoutes } from '../routes/running.ts'
import { type Refusal, refusal } from './refusal.ts'

export type Found = { readonly ok: true; readonly route: RunningRoute } | Refusal

/** Finds a route by name: in the namespace asked for; else in the default one; else in the only one that has it. */
export function findRoute(
  running: RunningRoutes,
  name: string,
  namespace: string | undefined,
  defaultNamespace: string,
): Found {
  const routes = running()
  const named = routes.get(`${namespace ?? defaultNamespace}/${name}`)
  if (named !== undefined) return { ok: true, route: named }
  const others = namespace === undefined ? [...routes.values()].filter(({ entry }) => entry.object === name) : []
  const [only, another] = others
  if (only === undefined) return refusal(404, 'RouteNotFound', `There is no route ${name}`)
  if (another === undefined) return { ok: true, route: only }
  const namespaces = others.map(({ entry }) => entry.namespace).sort()
  const detail = `Route ${name} is in several namespaces: ${namespaces.join(', ')}; ask with ?namespace=`
  return refusal(409, 'RouteAmbiguous', detail)
}

/** Finds a route by its whole name, as operators give it. */
export function routeAt(running: RunningRoutes, namespace: string, name: string): Found {
  const route = running().get(`${namespace}/${name}`)
  return route === undefined
    ? refusal(404, 'RouteNotFound', `There is no route ${namespace}/${name}`)
    : { ok: true, route }
}
