import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '#lib/config.ts'
import { createMetrics } from '#lib/metrics.ts'
import { createLife } from '#lib/run.ts'
import { freePort } from '#test/kit/free-port.ts'
import { quietLog } from '#test/kit/quiet.ts'
import { settings } from './config.ts'
import { EXAMPLES, examples } from './parts.ts'

const env = { log: quietLog(), metrics: createMetrics({ process: false }), unready: () => [] }
const { parts, urls } = examples({ host: '127.0.0.1', port: 0 }, env)
const life = createLife(parts)
beforeAll(() => life.start())
afterAll(async () => expect(await life.stop(5_000)).toEqual([]))

const json = (body: string, type = 'application/json') => ({ method: 'POST', body, headers: { 'content-type': type } })

async function call(name: string, path: string, init: RequestInit = {}) {
  const response = await fetch(`${urls().get(name)}${path}`, init)
  const body = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return { status: response.status, body: isJson ? JSON.parse(body) : body }
}

const needsMessage = { error: 'The body must be a JSON object with "message", a text' }
const needsProcessed = { error: 'The body must be a JSON object with "processed_message", a text' }

describe('the example services', () => {
  it.each([
    ['service-a', '/greet', {}, 200, 'Hello from Service A!'],
    ['service-b', '/data', {}, 200, { data: 'Data from Service B' }],
    [
      'service-b',
      '/process',
      json('{"message":"Hello from Service A!"}'),
      200,
      { processed_message: 'Hello from Service A! processed by Service B' },
    ],
    [
      'service-c',
      '/analyze',
      json('{"processed_message":"Hi processed by Service B"}'),
      200,
      { analysis_result: 'Hi processed by Service B analyzed by Service C', length: 25, words: 5 },
    ],
    ['users', '/users/1', {}, 200, { id: 1, name: 'Alice', age: 30, city: 'New York' }],
    ['users', '/users/2', {}, 200, { id: 2, name: 'Bob', age: 25, city: 'San Francisco' }],
    ['users', '/users/3', {}, 404, { error: 'User not found' }],
    ['users', '/users/constructor', {}, 404, { error: 'User not found' }],
    ['products', '/products/101', {}, 200, { id: 101, name: 'Laptop', price: 1200 }],
    ['products', '/products/102', {}, 200, { id: 102, name: 'Smartphone', price: 800 }],
    ['products', '/products/1', {}, 404, { error: 'Product not found' }],
    ['example', '/example', {}, 200, 'Hello, welcome to the example endpoint!'],
  ] as const)('%s answers %s %j with %i', async (name, path, init, status, body) => {
    expect(await call(name, path, init)).toEqual({ status, body })
  })

  it.each([
    ['no message', '/process', 'service-b', json('{}'), 400, needsMessage],
    ['a message that is no text', '/process', 'service-b', json('{"message":1}'), 400, needsMessage],
    ['no object', '/process', 'service-b', json('null'), 400, needsMessage],
    ['what B did not write', '/analyze', 'service-c', json('{"message":"x"}'), 400, needsProcessed],
    ['broken JSON', '/process', 'service-b', json('{'), 400, { error: 'Body is not valid JSON' }],
    [
      'another type',
      '/process',
      'service-b',
      json('x', 'text/plain'),
      415,
      { error: 'Content-Type must be application/json' },
    ],
    ['too much', '/process', 'service-b', json(`"${'x'.repeat(70_000)}"`), 413, { error: 'Body is too large' }],
    ['another method', '/process', 'service-b', {}, 405, { error: 'GET is not allowed here; use POST' }],
    ['another method', '/greet', 'service-a', json('{}'), 405, { error: 'POST is not allowed here; use GET, HEAD' }],
  ] as const)('refuse %s at %s', async (_what, path, name, init, status, body) => {
    expect(await call(name, path, init)).toEqual({ status, body })
  })

  it.each(EXAMPLES.map(({ name }) => name))('%s says that it is healthy', async (name) => {
    expect(await call(name, '/healthz')).toEqual({ status: 200, body: 'ok\n' })
    expect((await call(name, '/readyz')).status).toBe(200)
  })
})

describe('the choice of examples', () => {
  it('keeps each at its own port whichever run', async () => {
    const first = (await freePort()) - 3
    const { parts, urls } = examples({ host: '127.0.0.1', port: first, run: ['users'] }, env)
    const life = createLife(parts)
    await life.start()
    expect([...urls()]).toEqual([['users', `http://127.0.0.1:${first + 3}`]])
    await life.stop(5_000)
  })

  it('refuses a name that is none', () => {
    expect(() => readConfig('examples', settings, ['--run', 'service-a,nobody'], {})).toThrow('no such example: nobody')
    expect(readConfig('examples', settings, [], { SOAPLANE_EXAMPLES: 'users, products' }).run).toEqual([
      'users',
      'products',
    ])
  })
})
