import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Server as TcpServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { HealthCheck } from '#lib/model/registry.ts'
import { eventually } from '#test/kit/eventually.ts'
import { probe } from './probe.ts'

const open: (Server | TcpServer)[] = []
const never = new AbortController().signal
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  }
})

async function listening(server: Server | TcpServer): Promise<string> {
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const http = (listener: RequestListener) => listening(createHttp(listener))

const check = (more: Partial<HealthCheck> = {}): HealthCheck => ({
  ...{ type: 'http', path: '/healthz', intervalMs: 1_000, timeoutMs: 2_000, unhealthyAfter: 1, healthyAfter: 1 },
  ...more,
})

describe('an HTTP probe', () => {
  it.each([
    [200, { outcome: 'pass' }],
    [204, { outcome: 'pass' }],
    [302, { outcome: 'pass' }],
    [404, { outcome: 'fail', reason: 'answered 404' }],
    [500, { outcome: 'fail', reason: 'answered 500' }],
    [503, { outcome: 'fail', reason: 'answered 503' }],
  ])('takes status %i as %j', async (status, gives) => {
    const url = await http((_request, response) => void response.writeHead(status, { location: '/' }).end())
    expect(await probe(url, check(), never)).toEqual(gives)
  })

  it('asks below the base path, percent-encoding what needs it', async () => {
    const paths: (string | undefined)[] = []
    const url = await http((request, response) => {
      paths.push(request.url)
      response.end()
    })
    await probe(`${url}/api`, check(), never)
    await probe(url, check({ path: '/gesund/ü%20' }), never)
    expect(paths).toEqual(['/api/healthz', '/gesund/%C3%BC%20'])
  })

  it('does not wait for the end of an endless answer', async () => {
    const url = await http((_request, response) => void response.writeHead(200).write('x'.repeat(100_000)))
    expect(await probe(url, check(), never)).toEqual({ outcome: 'pass' })
  })

  it('leaves no connection behind', async () => {
    const server = createHttp((_request, response) => void response.end())
    const url = await listening(server)
    for (let i = 0; i < 5; i++) await probe(url, check(), never)
    await eventually(async () =>
      expect(await new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))).toBe(0),
    )
  })

  it('has many at once to one origin, none waiting for another', async () => {
    let inHand = 0
    const all = Promise.withResolvers<void>()
    const url = await http(async (_request, response) => {
      if (++inHand === 20) all.resolve()
      await all.promise
      response.end()
    })
    const probes = await Promise.all(Array.from({ length: 20 }, () => probe(url, check(), never)))
    expect(probes.every(({ outcome }) => outcome === 'pass')).toBe(true)
  })

  it('fails when there is no answer in time, or nobody there', async () => {
    const url = await http(() => {})
    expect(await probe(url, check({ timeoutMs: 50 }), never)).toEqual({
      outcome: 'fail',
      reason: 'no answer within 50 ms',
    })
    expect(await probe('http://127.0.0.1:1', check(), never)).toEqual({
      outcome: 'fail',
      reason: 'connect ECONNREFUSED 127.0.0.1:1',
    })
  })

  it('fails when its signal is given', async () => {
    const stop = new AbortController()
    const url = await http(() => stop.abort())
    expect((await probe(url, check(), stop.signal)).outcome).toBe('fail')
  })

  it('says in one line what does not speak HTTP', async () => {
    const url = await listening(createTcp((socket) => void socket.end('no HTTP here\r\n\r\n')))
    const { outcome, reason } = await probe(url, check(), never)
    expect([outcome, reason]).toEqual(['fail', expect.stringMatching(/^Parse Error.*$/)])
  })
})

describe('a TCP probe', () => {
  it('passes where a port is open, whatever is spoken there', async () => {
    const url = await listening(createTcp((socket) => socket.on('error', () => {})))
    expect(await probe(url, check({ type: 'tcp' }), never)).toEqual({ outcome: 'pass' })
  })

  it('fails where none is', async () => {
    expect(await probe('http://127.0.0.1:1', check({ type: 'tcp' }), never)).toEqual({
      outcome: 'fail',
      reason: 'connect ECONNREFUSED 127.0.0.1:1',
    })
  })
})
