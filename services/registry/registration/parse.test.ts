import { describe, expect, it } from 'vitest'
import { parseRegistration, refusedWhich } from './parse.ts'

const options = { namespace: 'default', allowLoopback: true }
const base = { name: 'ServiceA', url: 'http://10.0.0.1:5001' }
const read = { namespace: 'default', name: 'ServiceA', instance: 'default', url: 'http://10.0.0.1:5001' }
const INVALID = 'Invalid service registration data'

describe('a registration', () => {
  it.each([
    { what: 'a name and a URL', body: base, gives: read },
    { what: 'a trailing slash', body: { ...base, url: 'http://10.0.0.1:5001//' }, gives: read },
    { what: 'a base path', body: { ...base, url: 'http://h/a/b' }, gives: { ...read, url: 'http://h/a/b' } },
    { what: 'unknown fields', body: { ...base, colour: 'red' }, gives: read },
    { what: 'a namespace', body: { ...base, namespace: 'shop' }, gives: { ...read, namespace: 'shop' } },
    { what: 'an instance', body: { ...base, instance: '10.0.0.1:80' }, gives: { ...read, instance: '10.0.0.1:80' } },
    { what: 'a ttl in words', body: { ...base, ttl: '1m30s' }, gives: { ...read, ttlMs: 90_000 } },
    { what: 'a ttl in seconds', body: { ...base, ttl: 1.5 }, gives: { ...read, ttlMs: 1_500 } },
    {
      what: 'all the rest',
      body: { ...base, version: '1', owner: 'o', contract: 'c', metadata: { a: 'b' }, health: { type: 'tcp' } },
      gives: { ...read, version: '1', owner: 'o', contract: 'c', metadata: { a: 'b' }, health: { type: 'tcp' } },
    },
  ])('is read: $what', ({ body, gives }) => {
    expect(parseRegistration(body, options)).toEqual({ ok: true, registration: gives })
  })

  it.each([undefined, null, 7, 'x', [], {}, { name: 'a' }, { url: 'http://a' }, { name: '', url: 'http://a' }])(
    'without a name or a URL gets the fixed answer: %j',
    (body) => expect(parseRegistration(body, options)).toEqual({ ok: false, error: INVALID }),
  )

  it.each([
    { change: { name: 7 }, says: 'name: use up to 128 letters' },
    { change: { name: 'a b' }, says: 'name: use up to 128 letters' },
    { change: { name: '../../etc/passwd' }, says: 'name: ' },
    { change: { name: '-a' }, says: 'name: ' },
    { change: { name: `a${'b'.repeat(128)}` }, says: 'name: ' },
    { change: { name: 'a\u0000b' }, says: 'name: ' },
    { change: { name: '__proto__' }, says: 'name: ' },
    { change: { url: 7 }, says: 'url: give an http or https URL' },
    { change: { url: `http://h/${'x'.repeat(2048)}` }, says: 'url: give an http or https URL' },
    { change: { url: 'ftp://h' }, says: 'url: the scheme must be http or https' },
    { change: { namespace: 'Shop' }, says: 'namespace: ' },
    { change: { namespace: '..' }, says: 'namespace: ' },
    { change: { instance: 'a/b' }, says: 'instance: ' },
    { change: { version: '' }, says: 'version: use 1 to 64 characters' },
    { change: { version: 1 }, says: 'version: ' },
    { change: { owner: 'o'.repeat(254) }, says: 'owner: ' },
    { change: { contract: {} }, says: 'contract: ' },
    { change: { metadata: { a: 1 } }, says: 'metadata.a: give a text' },
    { change: { metadata: [] }, says: 'metadata: give an object' },
    { change: { metadata: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, 'x'])) }, says: 'metadata: ' },
    { change: { ttl: '0s' }, says: 'ttl: give a duration' },
    { change: { ttl: 0.5 }, says: 'ttl: give a duration' },
    { change: { ttl: 86_401 }, says: 'ttl: give a duration' },
    { change: { ttl: 'soon' }, says: 'ttl: give a duration' },
    { change: { ttl: -1 }, says: 'ttl: give a duration' },
    { change: { ttl: null }, says: 'ttl: give a duration' },
    { change: { health: { path: 'healthz' } }, says: 'health.path: begin with a slash' },
    { change: { health: { path: '/a b' } }, says: 'health.path: begin with a slash' },
    { change: { health: { every: '1s' } }, says: 'health.every: it knows type, path' },
    { change: { health: { type: 'grpc' } }, says: 'health.type: use http or tcp' },
    { change: { health: { interval: '1 s' } }, says: 'health.interval: write a duration' },
    { change: { health: { healthyAfter: 0 } }, says: 'health.healthyAfter: write a whole number' },
  ])('is refused by field: $change', ({ change, says }) => {
    expect(parseRegistration({ ...base, ...change }, options)).toEqual({
      ok: false,
      error: expect.stringContaining(`${INVALID}: ${says}`),
    })
  })
})

describe('names of what to delete', () => {
  it.each([
    { which: { name: 'ServiceA' }, says: undefined },
    { which: { name: 'ServiceA', namespace: 'shop', instance: 'a:1' }, says: undefined },
    { which: { name: '..' }, says: /: name: / },
    { which: { name: 'a', namespace: '..' }, says: /: namespace: / },
    { which: { name: 'a', namespace: 'default', instance: '../x' }, says: /: instance: / },
  ])('are checked as at registration: $which', ({ which, says }) => {
    expect(refusedWhich(which)).toEqual(says === undefined ? undefined : expect.stringMatching(says))
  })
})
