import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Registration } from './parse.ts'
import { createStore, durationText } from './store.ts'

const registration: Registration = {
  namespace: 'shop',
  name: 'ServiceA',
  instance: 'a:1',
  url: 'http://10.0.0.1',
  version: '1',
  ttlMs: 90_000,
}
let server: Server | undefined
afterEach(() => server?.close())

interface Heard {
  readonly line: string
  readonly authorization: string | undefined
  readonly body: unknown
}

async function controllerThatSays(status: number, text: string): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = []
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { authorization } = request.headers
    heard.push({ line: `${request.method} ${request.url}`, authorization, body: body === '' ? '' : JSON.parse(body) })
    response.writeHead(status, { connection: 'close' }).end(text)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

describe('the store of registrations', () => {
  it('writes by the control API, with its token', async () => {
    const { url, heard } = await controllerThatSays(200, '{}')
    const store = createStore({ url: () => `${url}/control/`, token: 't' })
    expect(await store.put(registration, 1_000)).toEqual({ ok: true })
    expect(await store.remove({ namespace: 'shop', name: 'ServiceA', instance: undefined }, 1_000)).toEqual({
      ok: true,
    })
    expect(heard).toEqual([
      {
        line: 'PUT /control/registrations/shop/ServiceA/a%3A1',
        authorization: 'Bearer t',
        body: { url: 'http://10.0.0.1', version: '1', ttl: '1m30s' },
      },
      { line: 'DELETE /control/registrations/shop/ServiceA', authorization: 'Bearer t', body: '' },
    ])
    await store.stop()
  })

  it.each([
    {
      status: 409,
      body: { title: 'Conflict', detail: 'held by another' },
      gives: { status: 409, error: 'held by another' },
    },
    { status: 400, body: { title: 'Bad', detail: 'health: no' }, gives: { status: 400, error: 'health: no' } },
    {
      status: 404,
      body: { title: 'POST /apis answered 404 NotFound: namespaces "shop" not found' },
      gives: { status: 404, error: 'Namespace shop not found' },
    },
    { status: 401, body: { title: 'A valid bearer token is needed' }, gives: { status: 503, cause: /401: A valid/ } },
    { status: 403, body: { title: 'services is forbidden' }, gives: { status: 503, cause: /403: services/ } },
    { status: 500, body: { title: 'Internal error' }, gives: { status: 503, cause: /500: Internal/ } },
    { status: 502, body: 'a page of prose', gives: { status: 503, cause: /502: "?a page of prose|502: no reason/ } },
  ])('tells the registrant of its own faults alone: $status $body', async ({ status, body, gives }) => {
    const { url } = await controllerThatSays(status, JSON.stringify(body))
    const store = createStore({ url: () => url, token: undefined })
    const { cause, ...rest } = gives as { status: number; error?: string; cause?: RegExp }
    const written = await store.put(registration, 1_000)
    expect(written).toMatchObject({ ok: false, ...rest })
    if (cause !== undefined) {
      expect(written).toMatchObject({ error: 'The controller could not store this; try again later' })
      expect((written as { cause: string }).cause).toMatch(cause)
    }
    await store.stop()
  })

  it('answers 503 when nobody answers', async () => {
    const store = createStore({ url: () => 'http://127.0.0.1:1', token: undefined })
    expect(await store.put(registration, 1_000)).toEqual({
      ok: false,
      status: 503,
      error: 'The controller is out of reach; nothing is lost, but try again later',
      cause: expect.stringContaining('ECONNREFUSED'),
    })
    await store.stop()
  })
})

it.each([
  [1_000, '1s'],
  [90_000, '1m30s'],
  [5_400_000, '1h30m'],
  [1_500, '1s500ms'],
  [86_400_000, '24h'],
])('%i ms is written %s', (ms, text) => expect(durationText(ms)).toBe(text))
