import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RegistryBed, registryBed } from '#test/kit/registry-bed.ts'

let bed: RegistryBed
beforeAll(async () => {
  bed = await registryBed()
  await bed.post('/register', { name: 'ServiceA', url: 'http://10.0.0.1' })
})
afterAll(() => bed?.stop())

const base = { name: 'Hostile', url: 'http://10.0.0.1' }
const raw = { 'content-type': 'application/json' }

/** A request with its path as it is: fetch would mend it. */
function rawStatus(method: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(bed.registry().url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('error', reject).end()
  })
}

describe('bodies that are not taken', () => {
  it('are too large: 413, at the limit of 64 KiB', async () => {
    const padded = (bytes: number) => {
      const body = JSON.stringify({ ...base, name: 'Large', padding: '' })
      return body.replace('"padding":""', `"padding":"${'x'.repeat(bytes - body.length)}"`)
    }
    const fits = padded(64 * 1024)
    expect(fits).toHaveLength(65_536)
    expect((await bed.post('/register', fits, raw)).status).toBe(201)
    const large = await bed.post('/register', padded(64 * 1024 + 1), raw)
    expect([large.status, large.body]).toEqual([413, { error: 'Body is too large' }])
    const huge = await bed.post('/register', padded(20 * 1024 * 1024), raw)
    expect(huge.status).toBe(413)
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data', ''])(
    'are of another type: 415 for %j',
    async (type) => {
      const { status, body } = await bed.post('/register', JSON.stringify(base), { 'content-type': type })
      expect([status, body]).toEqual([415, { error: 'Content-Type must be application/json' }])
    },
  )

  it.each(['application/json', 'application/json; charset=utf-8', 'application/merge-patch+json'])(
    'are taken as %s',
    async (type) => {
      expect((await bed.post('/register', JSON.stringify(base), { 'content-type': type })).status).toBe(201)
    },
  )

  it.each(['{', '{"name":"a",}', 'name=a', '\u0000', "{'name':'a'}"])('are no JSON: 400 for %j', async (body) => {
    const answer = await bed.post('/register', body, raw)
    expect([answer.status, answer.body]).toEqual([400, { error: 'Body is not valid JSON' }])
  })

  it('claim an encoding that they do not have', async () => {
    const { status } = await bed.post('/register', '{}', { ...raw, 'content-encoding': 'gzip' })
    expect(status).toBe(400)
    expect((await bed.post('/register', '{}', { ...raw, 'content-encoding': 'lzma' })).status).toBe(415)
  })
})

describe('URLs that are not taken', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://100.100.100.200/',
    'http://0.0.0.0:80',
    'ftp://host/x',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://user:secret@host',
    'http://host?x=1',
    'http://host#x',
    'http://host:0x50\\@evil',
    '//host',
    'host:80',
    `http://${'h'.repeat(2_048)}`,
    'http://ho st',
    'http://host\r\nX-Injected: 1',
  ])('%j gets 400 with a reason, and is not registered', async (url) => {
    const { status, body } = await bed.post('/register', { name: 'BadUrl', url })
    expect(status).toBe(400)
    expect(body).toEqual({ error: expect.stringMatching(/^Invalid service registration data: url: .{10}/) })
    expect(await bed.discover('BadUrl')).toBe(404)
  })

  it('are loopback where that is refused', async () => {
    const strict = await bed.another({ loopback: 'refuse' })
    for (const url of ['http://127.0.0.1:80', 'http://localhost', 'http://[::1]:9']) {
      const { status, body } = await strict.post('/register', { name: 'Loop', url })
      expect([status, body.error]).toEqual([
        400,
        'Invalid service registration data: url: loopback addresses are not allowed here',
      ])
    }
    await strict.stop()
  })
})

describe('names that are not taken', () => {
  it.each([
    'a/b',
    '../a',
    'a b',
    '.a',
    'a.',
    '-',
    '<script>',
    'ä',
    'a\u0000',
    `n${'a'.repeat(128)}`,
    '__proto__',
    7,
    {},
  ])('%j gets 400 with a reason', async (name) => {
    const { status, body } = await bed.post('/register', { ...base, name })
    expect([status, body]).toEqual([
      400,
      { error: expect.stringMatching(/^Invalid service registration data: name: use up to 128 letters/) },
    ])
  })

  it.each(['constructor', 'toString', 'a.b', 'A_B-C.d', '0', 'a'.repeat(128)])(
    '%s is a name like any other',
    async (name) => {
      expect(await bed.discover(name)).toBe(404)
      expect((await bed.post('/register', { ...base, name })).status).toBe(201)
      expect(await bed.discover(name)).toBe('http://10.0.0.1')
      expect((await bed.send('DELETE', `/register/${name}`)).status).toBe(200)
    },
  )

  it('are refused by the rules of the resource too, by field', async () => {
    const { status, body } = await bed.post('/register', { ...base, health: { interval: '1s', timeout: '2s' } })
    expect([status, body]).toEqual([
      400,
      { error: expect.stringContaining('timeout must not be longer than interval') },
    ])
  })

  it('keep names alike apart', async () => {
    for (const name of ['Alike', 'alike', 'ALIKE', 'al.ike', 'al-ike', 'al_ike'])
      expect((await bed.post('/register', { name, url: `http://10.0.0.1/${name}` })).status).toBe(201)
    for (const name of ['Alike', 'alike', 'ALIKE', 'al.ike', 'al-ike', 'al_ike'])
      expect(await bed.discover(name)).toBe(`http://10.0.0.1/${name}`)
  })
})

describe('paths and methods that are not taken', () => {
  it.each([
    ['GET', '/discover/%zz', 400],
    ['GET', '/discover/..%2F..%2Fetc', 404],
    ['GET', '/discover/', 404],
    ['GET', '/discover/a/b', 404],
    ['GET', `/discover/${'a'.repeat(10_000)}`, 404],
    ['GET', '/discover/ServiceA?namespace=..%2F..', 404],
    ['DELETE', '/register/..', 400],
    ['DELETE', '/register/%2e%2e%2fx', 400],
    ['DELETE', '/register/ServiceA?namespace=..', 400],
    ['DELETE', '/register/ServiceA?instance=..%2Fx', 400],
    ['DELETE', '/register', 405],
    ['GET', '/register', 405],
    ['PUT', '/register/ServiceA', 405],
    ['POST', '/discover/ServiceA', 405],
    ['PATCH', '/services', 405],
    ['POST', '/watch', 405],
    ['GET', '/nothing', 404],
    ['GET', '/../etc/passwd', 404],
  ])('%s %s answers %i', async (method, path, status) => expect(await rawStatus(method, path)).toBe(status))

  it('say what is allowed', async () => {
    const { headers, body } = await bed.send('GET', '/register')
    expect([headers.get('allow'), body]).toEqual(['POST', { error: 'GET is not allowed here; use POST' }])
    const options = await bed.send('OPTIONS', '/discover/ServiceA')
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD'])
  })

  it('do not fill the metrics with names', async () => {
    for (let i = 0; i < 20; i++) await bed.get(`/discover/Made-up-${i}`)
    const { body } = await bed.get('/metrics')
    expect(body).not.toContain('Made-up')
  })
})

it('stands after all that', async () => {
  expect(await bed.discover('ServiceA')).toBe('http://10.0.0.1')
  expect((await bed.get('/readyz')).status).toBe(200)
})
