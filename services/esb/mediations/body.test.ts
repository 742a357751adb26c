import { describe, expect, it } from 'vitest'
import { decode, encode } from './body.ts'

const LATIN_1 = Buffer.from('gr\xfc\xdfe', 'latin1')

describe('the value of a body', () => {
  it.each([
    { of: '{"a":1}', contentType: 'application/json', is: { a: 1 } },
    { of: '\uFEFF{"a":1}', contentType: 'application/json', is: { a: 1 } },
    { of: '[1]', contentType: 'Application/JSON; charset=utf-8', is: [1] },
    { of: '"a"', contentType: 'application/problem+json', is: 'a' },
    { of: '{"a":1}', contentType: undefined, is: { a: 1 } },
    { of: '42', contentType: undefined, is: 42 },
    { of: 'Hello', contentType: undefined, is: 'Hello' },
    { of: '', contentType: undefined, is: '' },
    { of: '{"a":1}', contentType: '', is: { a: 1 } },
    { of: LATIN_1, contentType: undefined, is: undefined },
    { of: '{"a":1}', contentType: 'text/plain', is: '{"a":1}' },
    { of: 'grüße', contentType: 'text/plain; charset=utf-8', is: 'grüße' },
    { of: LATIN_1, contentType: 'text/plain; charset="iso-8859-1"', is: 'grüße' },
    { of: '<a/>', contentType: 'text/xml', is: '<a/>' },
    { of: '<a/>', contentType: 'application/xml', is: undefined },
    { of: '{"a":1}', contentType: 'application/json5', is: undefined },
  ])('is $is for $of of type $contentType', ({ of, contentType, is }) =>
    expect(decode({ body: Buffer.from(of as string), ...(contentType !== undefined && { contentType }) })).toEqual({
      ok: true,
      value: is,
    }),
  )

  it.each([
    { contentEncoding: 'gzip', is: undefined },
    { contentEncoding: 'utf-8', is: { a: 1 } },
    { contentEncoding: 'UTF8', is: { a: 1 } },
    { contentEncoding: 'identity', is: { a: 1 } },
    { contentEncoding: '', is: { a: 1 } },
  ])('is $is where the content encoding is "$contentEncoding"', ({ contentEncoding, is }) =>
    expect(decode({ body: Buffer.from('{"a":1}'), contentType: 'application/json', contentEncoding })).toEqual({
      ok: true,
      value: is,
    }),
  )

  it.each([
    { of: '', contentType: 'application/json', why: 'The body is no JSON: Unexpected end of JSON input' },
    { of: '{\n]', contentType: 'application/json', why: /^The body is no JSON: [^\n]*$/ },
    { of: LATIN_1, contentType: 'text/plain', why: 'The body is no text in utf-8' },
    { of: 'a', contentType: 'text/plain; charset=klingon', why: 'The charset klingon is not known' },
  ])('does not exist for $of of type $contentType', ({ of, contentType, why }) => {
    const decoded = decode({ body: Buffer.from(of as string), contentType })
    expect(decoded).toEqual({ ok: false, why: typeof why === 'string' ? why : expect.stringMatching(why) })
  })
})

describe('the body of a value', () => {
  it.each([
    { of: { a: 'ü' }, gives: '{"a":"ü"}', contentType: 'application/json' },
    { of: null, gives: 'null', contentType: 'application/json' },
    { of: 7, gives: '7', contentType: 'application/json' },
    { of: 'grüße', gives: 'grüße', contentType: 'text/plain; charset=utf-8' },
    { of: 'a', asked: 'application/json', gives: '"a"', contentType: 'application/json' },
    { of: 'a', asked: 'application/vnd.a+json', gives: '"a"', contentType: 'application/vnd.a+json' },
    { of: '<a/>', asked: 'application/xml', gives: '<a/>', contentType: 'application/xml' },
    { of: { a: 1 }, asked: 'text/plain', gives: '{"a":1}', contentType: 'text/plain' },
  ])('is $gives as $contentType for $of', ({ of, asked, gives, contentType }) =>
    expect(encode(of, asked)).toEqual({ body: Buffer.from(gives), contentType }),
  )

  it('is refused for a value that can be read but is too deep to be written', () => {
    const deep = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000))
    expect(() => encode(deep)).toThrow('The body is nested too deeply, or too long, to be written')
  })
})
