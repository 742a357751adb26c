import type { Operation } from '#lib/http-operations.ts'
import manifest from '../../../package.json' with { type: 'json' }
import type { ApiDeps } from '../http/route.ts'
import { asyncApi } from './document.ts'

/** GET /asyncapi.json: the routes that run here, for people and generators. */
export function asyncApiRoutes({ running }: Pick<ApiDeps, 'running'>): readonly Operation[] {
  return [
    {
      method: 'get',
      path: '/asyncapi.json',
      handlers: [(_request, response) => void response.json(asyncApi([...running().values()], manifest.version))],
    },
  ]
}
