import type { MessageRouteEntry } from '#lib/model/esb.ts'
import { createMediation } from '#services/esb/mediations/mediation.ts'
import type { RunningRoute, RunningRoutes } from '#services/esb/routes/running.ts'
import { routeOf, tools } from './mediation.ts'

/** A route as the HTTP side sees it: compiled for real, but nothing consumes. */
export function runningRoute(
  changes: Partial<MessageRouteEntry> = {},
  state: Partial<Pick<RunningRoute, 'unready' | 'inHand'>> = {},
): RunningRoute {
  const entry = { ...routeOf([]), ...changes }
  const key = `${entry.namespace}/${entry.object}`
  return {
    ...{ key, entry, mediation: createMediation(entry, tools), queue: `soa.route.${key.replace('/', '.')}` },
    unready: () => undefined,
    inHand: () => ({ count: 0, oldestMs: 0 }),
    ...state,
  }
}

export function runningRoutes(...routes: readonly RunningRoute[]): RunningRoutes {
  const byKey = new Map(routes.map((route) => [route.key, route]))
  return () => byKey
}
