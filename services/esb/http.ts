import { controlApp, type Express, endOf } from '#lib/http.ts'
import type { Log } from '#lib/log.ts'
import type { Metrics } from '#lib/metrics.ts'

export interface ApiDeps {
  readonly version: () => string | undefined
  readonly isStale: () => boolean
  readonly log: Log
  readonly metrics: Metrics
  readonly unready: () => readonly string[]
}

/** The bus over HTTP: messages in, and what operators ask. */
export function esbApi(deps: ApiDeps): Express {
  const app = controlApp(deps)
  app.get('/version', (_request, response) => {
    response.json({ version: deps.version() ?? null, stale: deps.isStale() })
  })
  return endOf(app, deps.log)
}
