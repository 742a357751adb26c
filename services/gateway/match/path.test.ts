import { describe, expect, it } from 'vitest'
import { normalisePath } from './path.ts'

describe('a path as it is matched and forwarded', () => {
  it.each([
    { raw: '/', gives: '/' },
    { raw: '/a/b', gives: '/a/b' },
    { raw: '/a/b/', gives: '/a/b/' },
    { raw: '/a//b///c', gives: '/a/b/c' },
    { raw: '//', gives: '/' },
    { raw: '/./a/./b/.', gives: '/a/b/' },
    { raw: '/a/../b', gives: '/b' },
    { raw: '/a/b/..', gives: '/a/' },
    { raw: '/a/%2e%2e/b', gives: '/b' },
    { raw: '/a/%2E./b', gives: '/b' },
    { raw: '/a/..;/b', gives: '/b' },
    { raw: '/a/..;x=1/b', gives: '/b' },
    { raw: '/a/.;x/b', gives: '/a/b' },
    { raw: '/a;v=1/b', gives: '/a;v=1/b' },
    { raw: '/...', gives: '/...' },
    { raw: '/.well-known/x', gives: '/.well-known/x' },
    { raw: '/%61%7e', gives: '/a~' },
    { raw: '/caf%c3%a9', gives: '/caf%C3%A9' },
    { raw: '/a%20b', gives: '/a%20b' },
    { raw: '/a%3fb%23', gives: '/a%3Fb%23' },
    { raw: "/!$&'()*+,=:@-._~", gives: "/!$&'()*+,=:@-._~" },
  ])('$raw is $gives', ({ raw, gives }) => expect(normalisePath(raw)).toEqual({ ok: true, path: gives }))

  it.each([
    { raw: 'a', why: 'the path must start with a slash' },
    { raw: '', why: 'the path must start with a slash' },
    { raw: '/a\\b', why: 'a backslash is not allowed in a path' },
    { raw: '/é', why: 'characters outside of ASCII must be percent-encoded' },
    { raw: '/a b', why: 'characters outside of ASCII must be percent-encoded' },
    { raw: '/%', why: 'a percent sign must be followed by two hexadecimal digits' },
    { raw: '/%2', why: 'a percent sign must be followed by two hexadecimal digits' },
    { raw: '/%zz', why: 'a percent sign must be followed by two hexadecimal digits' },
    { raw: '/a%00', why: 'an encoded slash, backslash, percent sign or NUL is not allowed in a path' },
    { raw: '/a%2Fb', why: 'an encoded slash, backslash, percent sign or NUL is not allowed in a path' },
    { raw: '/a%5cb', why: 'an encoded slash, backslash, percent sign or NUL is not allowed in a path' },
    { raw: '/a%252fb', why: 'an encoded slash, backslash, percent sign or NUL is not allowed in a path' },
    { raw: '/..', why: 'the path leads above its root' },
    { raw: '/a/../../b', why: 'the path leads above its root' },
    { raw: '/%2e%2e/b', why: 'the path leads above its root' },
  ])('$raw is refused: $why', ({ raw, why }) => expect(normalisePath(raw)).toEqual({ ok: false, why }))

  it('folds to a fixed point: what is forwarded means the same when it is read again', () => {
    const pieces = ['/', '/.', '/..', '/a', '/%2e', '/%61', ';', '/..;', '//', 'b', '%41', '/~']
    let seed = 7
    const pick = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return pieces[seed % pieces.length] as string
    }
    let folded = 0
    for (let i = 0; i < 20_000; i++) {
      const once = normalisePath(`/${Array.from({ length: 1 + (i % 8) }, pick).join('')}`)
      if (!once.ok) continue
      folded++
      expect(normalisePath(once.path)).toEqual(once)
      expect(once.path).not.toMatch(/\/\/|\/\.{1,2}(?:;[^/]*)?(?:\/|$)/)
    }
    expect(folded).toBeGreaterThan(5_000)
  })
})
