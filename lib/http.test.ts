import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { controlApp, httpPart } from './http.ts'
import { createMetrics } from './metrics.ts'

describe('the end of an HTTP server', () => {
  it('finishes the request in hand, and does not wait for a connection on which nothing was asked', async () => {
    const begun = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const app = controlApp({ metrics: createMetrics({ process: false }), unready: () => [] })
    app.get('/slow', async (_request, response) => {
      begun.resolve()
      await gate.promise
      response.send('done')
    })
    const part = httpPart('test', app, { host: '127.0.0.1', port: 0 })
    await part.start()
    const silent = connect(Number(new URL(part.url()).port), '127.0.0.1')
    await once(silent, 'connect')
    const slow = fetch(`${part.url()}/slow`)
    await begun.promise
    const stopped = part.stop()
    await once(silent, 'close')
    gate.resolve()
    expect(await (await slow).text()).toBe('done')
    await stopped
  })
})
