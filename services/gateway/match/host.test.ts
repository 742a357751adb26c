import { describe, expect, it } from 'vitest'
import { hostOf, wildcardsOf } from './host.ts'
import { targetOf } from './target.ts'

describe('the host of a request', () => {
  it.each([
    { authority: 'example.org', gives: 'example.org' },
    { authority: 'Example.ORG:8080', gives: 'example.org' },
    { authority: 'example.org.', gives: 'example.org' },
    { authority: 'example.org.:80', gives: 'example.org' },
    { authority: 'under_score.internal', gives: 'under_score.internal' },
    { authority: '127.0.0.1:80', gives: '127.0.0.1' },
    { authority: '[::1]:8080', gives: '[::1]' },
    { authority: '[FE80::1]', gives: '[fe80::1]' },
    { authority: '', gives: undefined },
    { authority: 'a b', gives: undefined },
    { authority: 'a/b', gives: undefined },
    { authority: 'user@a', gives: undefined },
    { authority: 'a:port', gives: undefined },
    { authority: 'a:', gives: undefined },
    { authority: 'a:65536', gives: undefined },
    { authority: 'a:1:2', gives: undefined },
    { authority: '-a', gives: undefined },
    { authority: 'a..b', gives: undefined },
    { authority: '.a', gives: undefined },
    { authority: 'a, b', gives: undefined },
    { authority: '[::1', gives: undefined },
    { authority: `${'a'.repeat(300)}`, gives: undefined },
  ])('of $authority is $gives', ({ authority, gives }) => expect(hostOf(authority)).toBe(gives))

  it('may match any of its wildcards, the longest first', () => {
    expect([...wildcardsOf('a.b.example.org')]).toEqual(['*.b.example.org', '*.example.org', '*.org'])
    expect([...wildcardsOf('localhost')]).toEqual([])
  })
})

describe('a request target', () => {
  it.each([
    { raw: '/a?b=c?d', gives: { ok: true, rawPath: '/a', query: '?b=c?d' } },
    { raw: '/', gives: { ok: true, rawPath: '/', query: '' } },
    { raw: 'http://a:8080/b?c', gives: { ok: true, authority: 'a:8080', rawPath: '/b', query: '?c' } },
    { raw: 'HTTPS://a', gives: { ok: true, authority: 'a', rawPath: '/', query: '' } },
    { raw: 'http://a?b', gives: { ok: true, authority: 'a', rawPath: '/', query: '?b' } },
    { raw: '//evil/x', gives: { ok: true, rawPath: '//evil/x', query: '' } },
    { raw: '/a#b', gives: { ok: false, why: 'a fragment is not part of a request target' } },
    { raw: 'ftp://a/b', gives: { ok: false, why: 'the scheme of an absolute target must be http or https' } },
    { raw: 'a/b', gives: { ok: false, why: 'the request target must be a path or an absolute URL' } },
    { raw: '*', gives: { ok: false, why: 'the request target must be a path or an absolute URL' } },
  ])('$raw is $gives', ({ raw, gives }) => expect(targetOf(raw)).toEqual(gives))
})
