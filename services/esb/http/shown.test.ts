import { describe, expect, it } from 'vitest'
import { isJson, shownBody } from './shown.ts'

describe('a body as JSON shows it', () => {
  it.each([
    { when: 'it is JSON', contentType: 'application/json', bytes: '{"a":1}', gives: { body: { a: 1 } } },
    { when: 'its type ends in +json', contentType: 'application/x+json; v=1', bytes: '[1]', gives: { body: [1] } },
    { when: 'it says JSON and is none', contentType: 'application/json', bytes: '{', gives: { body: '{' } },
    { when: 'it says text', contentType: 'text/plain', bytes: '{"a":1}', gives: { body: '{"a":1}' } },
    { when: 'it has no type and parses', contentType: undefined, bytes: '1', gives: { body: 1 } },
    { when: 'it has no type and does not parse', contentType: undefined, bytes: 'hello', gives: { body: 'hello' } },
    { when: 'it has no type and is no text', contentType: undefined, bytes: [255, 0], gives: { bodyBase64: '/wA=' } },
    { when: 'its type is another', contentType: 'image/png', bytes: 'abc', gives: { bodyBase64: 'YWJj' } },
    {
      when: 'it is too large',
      contentType: 'application/json',
      bytes: '"0123456789"',
      gives: { body: '"012345678', truncated: true },
    },
    {
      when: 'the cut is within a character',
      contentType: 'text/plain',
      bytes: '012345678é',
      gives: { body: '012345678', truncated: true },
    },
  ])('is $gives when $when', ({ contentType, bytes, gives }) => {
    const body = Buffer.from(bytes as string)
    expect(shownBody({ body, ...(contentType && { contentType }) }, 10)).toEqual(gives)
  })

  it('is base64 when it is encoded, whatever its type', () => {
    const message = { body: Buffer.from('x'), contentType: 'text/plain', contentEncoding: 'gzip' }
    expect(shownBody(message, 10)).toEqual({ bodyBase64: 'eA==' })
  })
})

it.each([
  { type: 'application/json', is: true },
  { type: 'application/cloudevents+json; charset=utf-8', is: true },
  { type: 'Application/JSON', is: true },
  { type: 'text/plain; format=application/json', is: false },
  { type: 'application/jsonl', is: false },
  { type: undefined, is: false },
])('$type is JSON: $is', ({ type, is }) => expect(isJson(type)).toBe(is))
