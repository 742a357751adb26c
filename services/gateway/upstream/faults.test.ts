import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { freePort } from '#test/kit/free-port.ts'
import { type FrontOptions, sendRaw, startBackend, startFront, statusesIn } from '#test/kit/front.ts'

const open: { stop: () => Promise<void> }[] = []

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop()
})

async function frontTo(options: FrontOptions) {
  const front = await startFront(options)
  open.push(front)
  return front
}

/** An upstream that answers what it is told, byte for byte, to each connection's first request. */
async function rawUpstream(onRequest: (socket: Socket, count: number) => void): Promise<string> {
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => onRequest(socket, ++count))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push({
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function nobody(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc'

describe('an upstream that fails before it answers', () => {
  it('and is not there: 502, for a request with a body too', async () => {
    const front = await frontTo({ upstreams: [await nobody()] })
    const [get, post] = [await sendRaw(front.port, GET), await sendRaw(front.port, POST)]
    expect([statusesIn(get.text), statusesIn(post.text)]).toEqual([[502], [502]])
    expect(get.text).toMatch(/^Proxy-Status: soaplane; error=connection_refused\r$/m)
    expect(get.text).not.toMatch(/127\.0\.0\.1/)
    expect(front.inFlight()).toBe(0)
  })

  it('and has a living sibling: nobody notices, whatever the method', async () => {
    const backend = await startBackend((incoming, outgoing) => void incoming.pipe(outgoing))
    open.push(backend)
    const front = await frontTo({ upstreams: [await nobody(), backend.url] })
    for (const request of [GET, POST, GET, POST]) {
      expect(statusesIn((await sendRaw(front.port, request)).text)).toEqual([200])
    }
    expect(front.retries()).toBeGreaterThan(0)
    expect(backend.seen).toHaveLength(4)
  })

  it('and there is no endpoint at all: 503 with Retry-After', async () => {
    const front = await frontTo({ upstreams: [] })
    const { text } = await sendRaw(front.port, GET)
    expect([statusesIn(text), /^Retry-After: 1\r$/m.test(text)]).toEqual([[503], true])
  })

  it('and does not answer in time: 504', async () => {
    const front = await frontTo({ upstreams: [await rawUpstream(() => {})], headersTimeoutMs: 200 })
    const { text } = await sendRaw(front.port, GET)
    expect([statusesIn(text), front.failures]).toEqual([[504], ['UpstreamTimeout']])
  })

  it('and closed the idle connection under a GET: it is sent again; a POST is not', async () => {
    // Each connection answers one request and breaks at the second.
    const served = new WeakSet<Socket>()
    const upstream = await rawUpstream((socket) => {
      if (served.has(socket)) return void socket.destroy()
      served.add(socket)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    const [one, other] = [await frontTo({ upstreams: [upstream] }), await frontTo({ upstreams: [upstream] })]
    const statuses = []
    for (const [front, request] of [
      [one, GET],
      [one, GET],
      [other, GET],
      [other, POST],
    ] as const)
      statuses.push(...statusesIn((await sendRaw(front.port, request)).text))
    expect([statuses, one.retries(), other.retries()]).toEqual([[200, 200, 200, 502], 1, 0])
  })

  it.each([
    { what: 'garbage', bytes: 'garbage\r\n\r\n' },
    { what: 'two lengths', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab' },
    {
      what: 'a length and a coding',
      bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    },
    { what: 'folded fields', bytes: 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n' },
    { what: 'fields without end', bytes: `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(70_000)}\r\n\r\n` },
    {
      what: 'an upgrade nobody asked for',
      bytes: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    },
  ])('and answers $what: 502, never a guess', async ({ bytes }) => {
    const front = await frontTo({ upstreams: [await rawUpstream((socket) => socket.end(bytes))] })
    expect(statusesIn((await sendRaw(front.port, POST)).text)).toEqual([502])
    await eventually(() => expect(front.inFlight()).toBe(0))
  })

  it('and is busy beyond its bound: 503 at once, and a place is free again after', async () => {
    const waiting: (() => void)[] = []
    const backend = await startBackend((_incoming, outgoing) => void waiting.push(() => outgoing.end('ok')))
    open.push(backend)
    const front = await frontTo({ upstreams: [backend.url], maxInFlight: 1 })
    const first = sendRaw(front.port, GET)
    await eventually(() => expect(waiting).toHaveLength(1))
    expect(statusesIn((await sendRaw(front.port, GET)).text)).toEqual([503])
    waiting[0]?.()
    expect(statusesIn((await first).text)).toEqual([200])
    await eventually(() => expect(front.inFlight()).toBe(0))
  })
})

describe('an upstream that breaks off after it began to answer', () => {
  it.each([
    { what: 'a short body', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc' },
    { what: 'a chunk cut off', bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nabc' },
    { what: 'a chunk size that is none', bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n' },
  ])('with $what: the connection is cut, so that nobody takes it for whole', async ({ bytes }) => {
    const front = await frontTo({ upstreams: [await rawUpstream((socket) => socket.end(bytes))] })
    const { text, closed } = await sendRaw(front.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(closed).toBe(true)
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/)
    expect([front.failures, front.inFlight()]).toEqual([['ResponseBrokeOff'], 0])
  })
})
