import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Backend, type Front, sendRaw, startBackend, startFront, statusesIn } from '#test/kit/front.ts'

let backend: Backend
let front: Front

beforeAll(async () => {
  backend = await startBackend((_incoming, outgoing) => outgoing.end('ok'))
  front = await startFront({ upstreams: [backend.url] })
})

afterAll(async () => {
  await front.stop()
  await backend.stop()
})

const get = (target: string, ...fields: readonly string[]) =>
  `GET ${target} HTTP/1.1\r\n${['Host: a', ...fields].map((each) => `${each}\r\n`).join('')}\r\n`
const post = (...fields: readonly string[]) =>
  `POST / HTTP/1.1\r\n${['Host: a', ...fields].map((each) => `${each}\r\n`).join('')}\r\n`

/** Research §9: number of the row, what is sent, the status it must get; all of these end the connection. */
const refused: readonly { readonly row: number; readonly bytes: string; readonly status: number }[] = [
  { row: 1, bytes: `${post('Content-Length: 3', 'Transfer-Encoding: chunked')}0\r\n\r\n`, status: 400 },
  { row: 1, bytes: `${post('Content-Length: 3', 'Content-Length: 3')}abc`, status: 400 },
  { row: 1, bytes: `${post('Content-Length: 3', 'Content-Length: 4')}abcd`, status: 400 },
  { row: 1, bytes: `${post('Content-Length: 3, 3')}abc`, status: 400 },
  { row: 1, bytes: `${post('Content-Length: +2')}ab`, status: 400 },
  { row: 1, bytes: `${post('Content-Length: 0x2')}ab`, status: 400 },
  { row: 1, bytes: post('Content-Length: -1'), status: 400 },
  { row: 1, bytes: post('Content-Length:'), status: 400 },
  { row: 1, bytes: post(`Content-Length: ${'9'.repeat(40)}`), status: 400 },
  { row: 2, bytes: `${post('Transfer-Encoding: identity')}`, status: 400 },
  { row: 2, bytes: `${post('Transfer-Encoding: xchunked')}0\r\n\r\n`, status: 400 },
  { row: 2, bytes: `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}0\r\n\r\n`, status: 400 },
  { row: 2, bytes: `${post('Transfer-Encoding: chunked, gzip')}0\r\n\r\n`, status: 400 },
  { row: 2, bytes: `${post('Transfer-Encoding: \x0bchunked')}0\r\n\r\n`, status: 400 },
  { row: 2, bytes: `${post('Transfer-Encoding : chunked')}0\r\n\r\n`, status: 400 },
  { row: 3, bytes: `${post('Transfer-Encoding: gzip, chunked')}0\r\n\r\n`, status: 501 },
  { row: 4, bytes: 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', status: 400 },
  { row: 5, bytes: `${post('Transfer-Encoding: chunked')}0x1\r\na\r\n0\r\n\r\n`, status: 400 },
  { row: 5, bytes: `${post('Transfer-Encoding: chunked')}-1\r\n\r\n`, status: 400 },
  { row: 5, bytes: `${post('Transfer-Encoding: chunked')}1\na\r\n0\r\n\r\n`, status: 400 },
  { row: 5, bytes: `${post('Transfer-Encoding: chunked')}1\r\nabc\r\n0\r\n\r\n`, status: 400 },
  { row: 5, bytes: `${post('Transfer-Encoding: chunked')}1;a\nb\r\na\r\n0\r\n\r\n`, status: 400 },
  { row: 6, bytes: `${post('Transfer-Encoding: chunked')}1;${'a'.repeat(20_000)}\r\na\r\n0\r\n\r\n`, status: 413 },
  { row: 7, bytes: 'GET / HTTP/1.1\nHost: a\n\n', status: 400 },
  { row: 7, bytes: 'GET / HTTP/1.1\r\nHost: a\r\nA: b\rc\r\n\r\n', status: 400 },
  { row: 7, bytes: get('/', 'A: b\0c'), status: 400 },
  { row: 7, bytes: get('/', 'A: b\r\n c'), status: 400 },
  { row: 7, bytes: get('/', 'nocolon'), status: 400 },
  { row: 7, bytes: get('/', ': b'), status: 400 },
  { row: 7, bytes: get('/', 'a b: c'), status: 400 },
  { row: 8, bytes: 'GET / HTTP/1.1\r\n\r\n', status: 400 },
  { row: 9, bytes: get('/', 'Host: b'), status: 400 },
  { row: 9, bytes: 'GET / HTTP/1.1\r\nHost:\r\n\r\n', status: 400 },
  { row: 9, bytes: 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', status: 400 },
  { row: 9, bytes: 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', status: 400 },
  { row: 9, bytes: 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', status: 400 },
  { row: 9, bytes: 'GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n', status: 400 },
  { row: 11, bytes: 'GET / HTTP/0.9\r\nHost: a\r\n\r\n', status: 400 },
  { row: 11, bytes: 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', status: 505 },
  { row: 12, bytes: 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', status: 400 },
  { row: 12, bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
  { row: 12, bytes: 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n', status: 400 },
  { row: 12, bytes: get('/\x80'), status: 400 },
  { row: 12, bytes: get('/a\tb'), status: 400 },
  { row: 13, bytes: 'CONNECT b:443 HTTP/1.1\r\nHost: b\r\n\r\n', status: 405 },
  { row: 14, bytes: get('/a#b'), status: 400 },
  { row: 14, bytes: get('/a\\b'), status: 400 },
  { row: 14, bytes: get('/a%00'), status: 400 },
  { row: 14, bytes: get('/a%5cb'), status: 400 },
  { row: 14, bytes: get('/a%2Fb'), status: 400 },
  { row: 14, bytes: get('/a%252fb'), status: 400 },
  { row: 15, bytes: get('/../a'), status: 400 },
  { row: 16, bytes: get(`/${'a'.repeat(17_000)}`), status: 431 },
  { row: 16, bytes: get('/', `A: ${'a'.repeat(17_000)}`), status: 431 },
  { row: 17, bytes: get('/', 'Authorization: a', 'authorization: b'), status: 400 },
  { row: 18, bytes: get('/', 'X_Forwarded-For: 1.2.3.4'), status: 400 },
  { row: 18, bytes: get('/', '__proto__: a'), status: 400 },
  { row: 19, bytes: get('/', 'Connection: authorization'), status: 400 },
  { row: 24, bytes: `${post('Expect: 200-ok', 'Content-Length: 1', 'Connection: close')}a`, status: 417 },
]

describe('what must be refused before routing', () => {
  it.each(refused.map((each) => ({ ...each, sent: JSON.stringify(each.bytes).slice(0, 120) })))(
    'row $row: $sent is answered $status, and reaches nobody',
    async ({ bytes, status }) => {
      const before = backend.seen.length
      const { text, closed } = await sendRaw(front.port, bytes)
      expect([statusesIn(text), closed, backend.seen.length - before]).toEqual([[status], true, 0])
    },
  )

  it('row 13: TRACE is not passed on; OPTIONS * asks the gateway itself', async () => {
    const before = backend.seen.length
    const trace = await sendRaw(front.port, 'TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    const options = await sendRaw(front.port, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect([statusesIn(trace.text), statusesIn(options.text)]).toEqual([[405], [200]])
    expect(backend.seen.length).toBe(before)
  })

  it('says why in problem details, without a host', async () => {
    const { text } = await sendRaw(front.port, get('/a%2fb'))
    const [head = '', body = ''] = text.split('\r\n\r\n')
    expect(head).toMatch(/content-type: application\/problem\+json/i)
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'an encoded slash, backslash, percent sign or NUL is not allowed in a path',
      reason: 'InvalidPath',
    })
  })

  it('leaves the connection of a refusal in good order to its client', async () => {
    const odd = 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n'
    const { text } = await sendRaw(front.port, odd + odd + get('/x'), (seen) => seen.endsWith('ok'))
    expect(statusesIn(text)).toEqual([405, 405, 200])
  })

  it('row 25: answers what came before a broken request in the pipeline, in order, then 400', async () => {
    const { text, closed } = await sendRaw(front.port, `${get('/1')}${get('/2')}GET / HTTP/1.1\r\nbroken\r\n\r\n`)
    expect([statusesIn(text), closed]).toEqual([[200, 200, 400], true])
  })
})

describe('what is mended before it is routed and forwarded', () => {
  const enough = (text: string) => text.includes('\r\n\r\nok')

  it.each([
    { row: 10, bytes: 'GET http://b.example:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n', url: '/x?y', host: 'b.example:81' },
    { row: 15, bytes: get('/a/../b'), url: '/b', host: 'a' },
    { row: 15, bytes: get('/a/%2e%2e/b'), url: '/b', host: 'a' },
    { row: 15, bytes: get('//evil/./x'), url: '/evil/x', host: 'a' },
    { row: 15, bytes: get('/a/..;/b'), url: '/b', host: 'a' },
    {
      row: 20,
      bytes: get('/x', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA'),
      url: '/x',
      host: 'a',
    },
  ])('row $row: $bytes goes on as $host $url', async ({ bytes, url, host }) => {
    await sendRaw(front.port, bytes, enough)
    const last = backend.seen.at(-1)
    const names = last?.rawHeaders.filter((_, i) => i % 2 === 0).map((each) => each.toLowerCase())
    expect(last?.url).toBe(url)
    expect(last?.rawHeaders[(names?.indexOf('host') ?? 0) * 2 + 1]).toBe(host)
    expect(names).not.toContain('upgrade')
    expect(names).not.toContain('http2-settings')
  })

  it('row 17: what an untrusted client says of itself is replaced', async () => {
    const claims = [
      'X-Forwarded-For: 1.2.3.4',
      'Forwarded: for=1.2.3.4',
      'X-Real-IP: 1.2.3.4',
      'X-Forwarded-Host: evil',
    ]
    await sendRaw(front.port, get('/x', ...claims), enough)
    const fields = backend.seen.at(-1)?.rawHeaders.join('\n')
    expect(fields).toContain('X-Forwarded-For\n127.0.0.1\n')
    expect(fields).not.toMatch(/1\.2\.3\.4|evil/)
  })
})
