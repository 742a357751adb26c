import { describe, expect, it } from 'vitest'
import { refusedUrl } from './url.ts'

const why = (url: string, allowLoopback = true) => refusedUrl(url, { allowLoopback })

describe('a URL to register', () => {
  it.each(['http://10.0.0.1', 'https://orders.shop.svc:8443/api/v1', 'http://[fd00::1]:80', 'http://localhost:5001/'])(
    '%s is taken',
    (url) => expect(why(url)).toBeUndefined(),
  )

  it.each([
    ['not a url', 'not a valid URL'],
    ['http://host:99999', 'not a valid URL'],
    ['ftp://host', 'the scheme must be http or https'],
    ['file:///etc/passwd', 'the scheme must be http or https'],
    ['javascript:alert(1)', 'the scheme must be http or https'],
    ['gopher://host', 'the scheme must be http or https'],
    ['http://user:secret@host', 'credentials do not belong in a URL'],
    ['http://user@host', 'credentials do not belong in a URL'],
    ['http://169.254.169.254/latest/meta-data', 'link-local addresses, cloud metadata among them, are not allowed'],
    ['http://0xa9fea9fe', 'link-local addresses, cloud metadata among them, are not allowed'],
    ['http://2852039166', 'link-local addresses, cloud metadata among them, are not allowed'],
    ['http://%31%36%39.254.169.254', 'link-local addresses, cloud metadata among them, are not allowed'],
    ['http://[::ffff:169.254.169.254]', 'link-local addresses, cloud metadata among them, are not allowed'],
    ['http://metadata.google.internal', 'this is a cloud metadata address'],
    ['http://0.0.0.0', 'the unspecified address is no endpoint'],
    ['http://host/?q=1', 'a base URL has no query and no fragment'],
    ['http://host/#top', 'a base URL has no query and no fragment'],
    ['http:host', 'write it like http://host:port/path'],
    ['http:\\\\host', 'write it like http://host:port/path'],
    ['http://good.example\\@evil.example', 'write it like http://host:port/path'],
    ['http:///host', 'write it like http://host:port/path'],
    [' http://host', 'write it like http://host:port/path'],
    ['http://host/a b', 'write it like http://host:port/path'],
    ['http://ho\tst', 'write it like http://host:port/path'],
    ['http://host/\u0000', 'write it like http://host:port/path'],
    ['HTTP://host', 'write it like http://host:port/path'],
  ])('%j is refused: %s', (url, reason) => expect(why(url)).toBe(reason))

  it.each([
    'http://127.0.0.1:80',
    'http://127.1',
    'http://localhost',
    'http://a.localhost.',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
  ])('%s is loopback, which can be refused', (url) => {
    expect(why(url)).toBeUndefined()
    expect(why(url, false)).toBe('loopback addresses are not allowed here')
  })
})
