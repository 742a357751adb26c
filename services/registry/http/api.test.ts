import { describe, expect, it } from 'vitest'
import { systemClock } from '#lib/clock.ts'
import { readConfig } from '#lib/config.ts'
import type { Express } from '#lib/http.ts'
import { createMetrics } from '#lib/metrics.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { settings } from '../config.ts'
import { createRegistrar } from '../registration/registrar.ts'
import { createStore } from '../registration/store.ts'
import { createSoftState } from '../soft-state.ts'
import { createStaleness } from '../staleness.ts'
import { createHub } from '../watch/hub.ts'
import { registryApi } from './api.ts'
import { openApiRoute } from './openapi.ts'

/** The app as it is composed, on parts that nobody starts. */
function app(): Express {
  const config = readConfig('registry', settings, [], {})
  const env = { log: quietLog(), metrics: createMetrics({ process: false }), clock: systemClock, random: Math.random }
  const soft = createSoftState(config, env, { isDeaf: () => false, reap() {} })
  const { directory, leases } = soft
  const store = createStore({ url: () => config.controllerUrl, token: undefined })
  return registryApi({
    ...{ ...env, config, soft, directory, leases, renew: leases.renew, spread: { heard() {} } },
    hub: createHub({ epoch: 'e', directory, maxWatchers: 1, metrics: env.metrics }),
    registrar: createRegistrar({ ...env, directory, store, renew() {}, deadlineMs: 1 }),
    staleness: createStaleness(() => false, systemClock),
    authorize: async () => undefined,
    ...{ onStaleServe() {}, onDropped() {}, unready: () => [] },
  })
}

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
}

/** `method path` of each route, read from express's own router rather than from our table; refusals of other methods left out. */
function routesIn(express: Express): readonly string[] {
  const { stack } = express.router as unknown as { readonly stack: readonly Layer[] }
  return stack.flatMap(({ route }) =>
    route === undefined || Object.keys(route.methods).length > 1
      ? []
      : Object.keys(route.methods).map((method) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`),
  )
}

async function documentIn(express: Express): Promise<{ paths: Record<string, Record<string, unknown>> }> {
  const server = express.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    const { port } = server.address() as { port: number }
    return (await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json()) as never
  } finally {
    server.close()
  }
}

describe('/openapi.json', () => {
  it('has every route that the app serves, and no other', async () => {
    const express = app()
    const { paths } = await documentIn(express)
    const documented = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    )
    expect(documented.sort()).toEqual([...routesIn(express)].sort())
    expect(documented).toContain('get /discover/{name}')
  })

  it('describes two methods of one path side by side', () => {
    const operation = { operationId: 'x', summary: '', tags: [], parameters: [], responses: {} }
    const { handlers } = openApiRoute([
      { method: 'get', path: '/a/:b', operation },
      { method: 'put', path: '/a/:b', operation },
    ])
    let text = ''
    const response = { type: () => response, send: (sent: string) => (text = sent) }
    handlers[0]?.({} as never, response as never, () => {})
    expect(Object.keys(JSON.parse(text).paths['/a/{b}'])).toEqual(['get', 'put'])
  })
})
