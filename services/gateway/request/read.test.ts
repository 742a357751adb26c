import { describe, expect, it } from 'vitest'
import { handshakeRefusal } from './handshake.ts'
import { type RawRequest, readRequest } from './read.ts'

function raw(more: Partial<RawRequest> & { readonly fields?: readonly string[] } = {}): RawRequest {
  const { fields = [], ...rest } = more
  return { method: 'GET', url: '/a?b', httpVersion: '1.1', rawHeaders: ['Host', 'h:80', ...fields], ...rest }
}

describe('a request that is read', () => {
  it('is the folded path, the host without port, and the end-to-end fields in their order', () => {
    const read = readRequest(
      raw({
        url: '/x/../a//b?q=//',
        fields: ['Accept', '*/*', 'Cookie', 'a', 'cookie', 'b', 'Via', '1.0 x', 'Content-Length', '3'],
      }),
    )
    expect(read).toMatchObject({
      ok: true,
      request: {
        host: 'h',
        authority: 'h:80',
        path: '/a/b',
        query: '?q=//',
        forward: ['Accept', '*/*', 'Cookie', 'a', 'cookie', 'b', 'Content-Length', '3'],
        via: '1.0 x',
        hasBody: true,
        contentLength: 3,
      },
    })
  })

  it('drops what concerns this connection alone, and what Connection names', () => {
    const fields = [
      ...['Connection', 'keep-alive, Foo', 'connection', 'bar', 'Foo', '1', 'BAR', '2', 'Keep-Alive', 'timeout=5'],
      ...[
        'Upgrade',
        'h2c',
        'HTTP2-Settings',
        'x',
        'Proxy-Authorization',
        's',
        'Trailer',
        't',
        'Expect',
        '100-continue',
      ],
      ...['TE', 'gzip, trailers', 'Proxy-Connection', 'close', 'Baz', '3'],
    ]
    expect(readRequest(raw({ fields }))).toMatchObject({ request: { forward: ['TE', 'trailers', 'Baz', '3'] } })
  })

  it('takes the authority of an absolute target over Host', () => {
    expect(readRequest(raw({ url: 'http://Other.example/a' }))).toMatchObject({
      request: { host: 'other.example', authority: 'Other.example', path: '/a' },
    })
  })

  it('lets HTTP/1.0 come without a host', () => {
    expect(readRequest(raw({ httpVersion: '1.0', rawHeaders: [] }))).toMatchObject({ ok: true, request: { host: '' } })
  })

  it('finds a field by any spelling, lines joined', () => {
    const read = readRequest(raw({ fields: ['X-Tier', 'gold', 'x-tier', 'silver'] }))
    expect(read.ok && [read.request.header('x-tier'), read.request.header('none')]).toEqual(['gold, silver', undefined])
  })

  it('counts a chunked body, and trusts no length beside it', () => {
    const read = readRequest(raw({ fields: ['Transfer-Encoding', 'Chunked'] }))
    expect(read).toMatchObject({ request: { hasBody: true, contentLength: undefined } })
  })
})

describe('a request is refused', () => {
  it.each([
    { when: 'the version is 0.9', request: raw({ httpVersion: '0.9' }), status: 400, reason: 'HttpVersion' },
    { when: 'the version is 2.0', request: raw({ httpVersion: '2.0' }), status: 505, reason: 'HttpVersion' },
    { when: 'the method is TRACE', request: raw({ method: 'TRACE' }), status: 405, reason: 'MethodNotAllowed' },
    { when: 'there are two hosts', request: raw({ fields: ['host', 'h'] }), status: 400, reason: 'DuplicateHost' },
    { when: 'the host is empty', request: raw({ rawHeaders: ['Host', ''] }), status: 400, reason: 'InvalidHost' },
    { when: 'the host has a space', request: raw({ rawHeaders: ['Host', 'a b'] }), status: 400, reason: 'InvalidHost' },
    { when: 'the host has a user', request: raw({ rawHeaders: ['Host', 'a@b'] }), status: 400, reason: 'InvalidHost' },
    {
      when: 'Host is broken behind an absolute target',
      request: raw({ url: 'http://a/', rawHeaders: ['Host', 'a/b'] }),
      status: 400,
      reason: 'InvalidHost',
    },
    {
      when: 'the coding is not chunked',
      request: raw({ fields: ['Transfer-Encoding', 'gzip, chunked'] }),
      status: 501,
      reason: 'TransferEncoding',
    },
    {
      when: 'HTTP/1.0 has a coding',
      request: raw({ httpVersion: '1.0', fields: ['Transfer-Encoding', 'chunked'] }),
      status: 400,
      reason: 'TransferEncoding',
    },
    { when: 'the target has a fragment', request: raw({ url: '/a#b' }), status: 400, reason: 'InvalidTarget' },
    { when: 'the path has a backslash', request: raw({ url: '/a\\b' }), status: 400, reason: 'InvalidPath' },
    { when: 'the path leads out', request: raw({ url: '/../a' }), status: 400, reason: 'InvalidPath' },
    {
      when: 'Authorization is doubled',
      request: raw({ fields: ['Authorization', 'a', 'authorization', 'b'] }),
      status: 400,
      reason: 'DuplicateField',
    },
    {
      when: 'a field has an underscore',
      request: raw({ fields: ['X_Api_Key', 'a'] }),
      status: 400,
      reason: 'UnderscoreInField',
    },
    {
      when: 'Connection names a field of ours',
      request: raw({ fields: ['Connection', 'close, X-Forwarded-For'] }),
      status: 400,
      reason: 'ProtectedFieldNominated',
    },
  ])('when $when: $status $reason', ({ request, status, reason }) => {
    expect(readRequest(request)).toMatchObject({ ok: false, refusal: { status, reason } })
  })
})

describe('a WebSocket handshake', () => {
  const good = ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version', '13']
  it.each([
    { when: 'all is there', request: raw({ fields: good }), gives: undefined },
    { when: 'the method is POST', request: raw({ method: 'POST', fields: good }), gives: 400 },
    { when: 'there is a body', request: raw({ fields: [...good, 'Content-Length', '5'] }), gives: 400 },
    { when: 'the key is short', request: raw({ fields: ['Sec-WebSocket-Key', 'abc', ...good.slice(2)] }), gives: 400 },
    { when: 'the key is doubled', request: raw({ fields: [...good, ...good.slice(0, 2)] }), gives: 400 },
    { when: 'the version is 8', request: raw({ fields: [...good.slice(0, 3), '8'] }), gives: 426 },
  ])('is answered $gives when $when', ({ request, gives }) => {
    const read = readRequest(request)
    expect(read.ok && handshakeRefusal(read.request, request)?.status).toBe(gives)
  })
})
