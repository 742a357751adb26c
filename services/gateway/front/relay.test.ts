import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '#test/kit/eventually.ts'
import { type Backend, type Front, type FrontOptions, sendRaw, startBackend, startFront } from '#test/kit/front.ts'

const open: { stop: () => Promise<void> }[] = []

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop()
})

async function behind(
  handler: Parameters<typeof startBackend>[0],
  options: Partial<FrontOptions> = {},
): Promise<{ backend: Backend; front: Front }> {
  const backend = await startBackend(handler)
  const front = await startFront({ upstreams: [backend.url], ...options })
  open.push(backend, front)
  return { backend, front }
}

function ask(
  url: string,
  options: RequestOptions = {},
  body?: string | Buffer,
): Promise<{ response: IncomingMessage; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent: false, ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => resolve({ response, body: Buffer.concat(chunks) }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

describe('a request that is relayed', () => {
  it('keeps method, path, query, fields and body; the answer keeps status, fields and each Set-Cookie', async () => {
    const { backend, front } = await behind((incoming, outgoing) => {
      outgoing.setHeader('Set-Cookie', ['a=1', 'b=2'])
      outgoing.setHeader('X-Bytes', 'caf\u00e9')
      outgoing.statusCode = 207
      incoming.pipe(outgoing)
    })
    const { response, body } = await ask(
      `${front.url}/x/y?a=b&a=c`,
      { method: 'PATCH', headers: { 'X-One': ['1', '2'], 'content-type': 'text/x' } },
      'hello',
    )
    expect([response.statusCode, body.toString(), response.headers['set-cookie'], response.headers['x-bytes']]).toEqual(
      [207, 'hello', ['a=1', 'b=2'], 'caf\u00e9'],
    )
    const [seen] = backend.seen
    expect([seen?.method, seen?.url]).toEqual(['PATCH', '/x/y?a=b&a=c'])
    expect(seen?.rawHeaders.join('|')).toContain('X-One|1|X-One|2')
    expect(seen?.rawHeaders.join('|')).toContain('Via|1.1 soaplane')
  })

  it('streams 32 MiB up and down without changing a byte or holding it all', async () => {
    const { front } = await behind((incoming, outgoing) => void incoming.pipe(outgoing))
    const sent = Buffer.alloc(32 * 1024 * 1024, 'soaplane')
    const { body } = await ask(`${front.url}/`, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, sent)
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect(hash(body)).toBe(hash(sent))
  })

  it('stops reading the upstream while the client does not read', async () => {
    let written = 0
    const { front } = await behind((_incoming, outgoing) => {
      const chunk = Buffer.alloc(64 * 1024)
      const more = () => {
        while (written < 256 * 1024 * 1024 && !outgoing.destroyed) {
          written += chunk.length
          if (!outgoing.write(chunk)) return void outgoing.once('drain', more)
        }
      }
      more()
    })
    const socket = connect(front.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    socket.pause()
    // Buffers of sockets fill, and then nothing moves: the same count at two looks that lie apart.
    let last = -1
    const stands = () => {
      const isSame = written > 0 && written === last
      last = written
      return isSame
    }
    await eventually(stands, { everyMs: 300 })
    expect(written).toBeLessThan(64 * 1024 * 1024)
    socket.destroy()
    await eventually(() => expect(front.inFlight()).toBe(0))
  })

  it.each([
    { when: 'HEAD', method: 'HEAD', status: 200 },
    { when: '204', method: 'GET', status: 204 },
    { when: '304', method: 'GET', status: 304 },
  ])('has no body for $when, and its connection goes on', async ({ method, status }) => {
    const { front } = await behind((_incoming, outgoing) => outgoing.writeHead(status, { ETag: '"x"' }).end())
    const one = `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`
    const { text } = await sendRaw(
      front.port,
      one + one,
      (seen) => seen.split('HTTP/1.1 ').length === 3 && seen.endsWith('\r\n\r\n'),
    )
    expect(text.match(new RegExp(`HTTP/1.1 ${status} `, 'g'))).toHaveLength(2)
  })

  it('drops interim answers, keeps trailers', async () => {
    const { front } = await behind((_incoming, outgoing) => {
      outgoing.writeEarlyHints({ link: '</a>; rel=preload' })
      outgoing.writeHead(200, { Trailer: 'X-Sum' })
      outgoing.write('body')
      outgoing.addTrailers({ 'X-Sum': '1' })
      outgoing.end()
    })
    const { response, body } = await ask(`${front.url}/`)
    expect([response.statusCode, body.toString(), response.trailers]).toEqual([200, 'body', { 'x-sum': '1' }])
  })

  it('asks for the body of an Expect: 100-continue only once the request is let through', async () => {
    const no = { place: 'authentication' as const, judge: () => ({ status: 401, reason: 'No', detail: 'no' }) }
    const { front } = await behind((incoming, outgoing) => void incoming.pipe(outgoing))
    const denied = await behind((_incoming, outgoing) => outgoing.end(), { stages: [no] })
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n'
    const let_ = await sendRaw(front.port, head, (text) => text.includes('100 Continue'))
    const not = await sendRaw(denied.front.port, head)
    expect([let_.text.split('\r\n')[0], not.text.split('\r\n')[0], not.closed]).toEqual([
      'HTTP/1.1 100 Continue',
      'HTTP/1.1 401 Unauthorized',
      true,
    ])
    expect(denied.backend.seen).toEqual([])
  })

  it('goes to the rewritten path behind the base path of the endpoint', async () => {
    const { backend, front } = await behind((_incoming, outgoing) => outgoing.end(), {
      match: { path: { type: 'PathPrefix', value: '/api' }, rewrite: '/v1' },
    })
    front.aim([`${backend.url}/base/`])
    await ask(`${front.url}/api/users?x=1`)
    expect(backend.seen[0]?.url).toBe('/base/v1/users?x=1')
  })

  it('asks clients to connect anew while the gateway drains', async () => {
    const { front } = await behind((_incoming, outgoing) => outgoing.end('ok'))
    front.drain()
    const { text, closed } = await sendRaw(front.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect([/^connection: close\r$/im.test(text), closed]).toEqual([true, true])
  })

  it('is finished by a stop, which then leaves nothing open', async () => {
    const begun = Promise.withResolvers<() => void>()
    const { front } = await behind((_incoming, outgoing) => {
      outgoing.write('begin ')
      begun.resolve(() => void outgoing.end('end'))
    })
    const asked = ask(`${front.url}/`)
    const finish = await begun.promise
    const stopped = front.stop()
    finish()
    expect((await asked).body.toString()).toBe('begin end')
    await stopped
    expect(front.connections()).toBe(0)
  })

  it('takes turns among endpoints, and sends nothing new to one that is gone', async () => {
    const { backend, front } = await behind((_incoming, outgoing) => outgoing.end('1'))
    const other = await startBackend((_incoming, outgoing) => outgoing.end('2'))
    open.push(other)
    front.aim([backend.url, other.url])
    const both = await Promise.all([1, 2, 3, 4].map(async () => (await ask(`${front.url}/`)).body.toString()))
    front.aim([other.url])
    const one = await Promise.all([1, 2, 3].map(async () => (await ask(`${front.url}/`)).body.toString()))
    expect([both.sort(), one]).toEqual([
      ['1', '1', '2', '2'],
      ['2', '2', '2'],
    ])
  })
})

describe('a client that goes away', () => {
  it('takes its upstream request with it, and frees its place', async () => {
    const begun = Promise.withResolvers<IncomingMessage>()
    const { front } = await behind((incoming) => begun.resolve(incoming))
    const socket = connect(front.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    const incoming = await begun.promise
    const closed = once(incoming.socket, 'close')
    socket.destroy()
    await closed
    await eventually(() => expect([front.inFlight(), front.events]).toEqual([0, [{ status: 499, byGateway: false }]]))
  })

  it('in the middle of its body breaks it off upstream too, and is nobody else’s failure', async () => {
    const begun = Promise.withResolvers<IncomingMessage>()
    const { front } = await behind((incoming) => {
      incoming.once('data', () => begun.resolve(incoming))
    })
    const socket = connect(front.port, '127.0.0.1', () =>
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc'),
    )
    const incoming = await begun.promise
    const gone = new Promise((resolve) => incoming.socket.once('close', resolve))
    socket.destroy()
    await gone
    await eventually(() => expect([front.inFlight(), front.failures]).toEqual([0, []]))
  })

  it('that does not read is cut, and so is its upstream', async () => {
    const { front } = await behind(
      (_incoming, outgoing) => {
        const chunk = Buffer.alloc(1024 * 1024)
        const more = () => {
          while (!outgoing.destroyed && outgoing.write(chunk));
          if (!outgoing.destroyed) outgoing.once('drain', more)
        }
        more()
      },
      { writeStallMs: 200 },
    )
    const socket = connect(front.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    socket.pause()
    await eventually(() => expect([front.failures, front.inFlight()]).toEqual([['ResponseBrokeOff'], 0]))
    socket.destroy()
  })
})
