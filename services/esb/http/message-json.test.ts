import { describe, expect, it } from 'vitest'
import { messageOf } from '#test/gen/mediation.ts'
import { messageAsJson, messageFromJson } from './message-json.ts'

const fallback = { id: 'fresh', exchange: 'x', key: 'k' }
const fromJson = (value: unknown) => messageFromJson(Buffer.from(JSON.stringify(value)), fallback)

describe('a message as JSON', () => {
  it.each([
    { what: 'a JSON body', message: messageOf({ total: 3 }, { contentType: 'application/json', type: 't' }) },
    { what: 'a JSON body of no type', message: messageOf({ total: 3 }) },
    { what: 'a JSON string', message: messageOf('"hello"', { contentType: 'application/json' }) },
    { what: 'text', message: messageOf('hello', { contentType: 'text/plain', headers: { a: 1 }, correlationId: 'c' }) },
    { what: 'bytes', message: messageOf(Buffer.from([255, 0]), { contentType: 'image/png', timestamp: 5 }) },
    { what: 'a packed body', message: messageOf('x', { contentType: 'text/plain', contentEncoding: 'gzip' }) },
  ])('comes back as it was, with $what', ({ message }) => {
    expect(fromJson(messageAsJson(message, 1_000))).toEqual({ ok: true, message })
  })

  it('takes what is left out from where it enters', () => {
    expect(fromJson({ body: { a: 1 } })).toEqual({
      ok: true,
      message: { id: 'fresh', exchange: 'x', key: 'k', headers: {}, body: Buffer.from('{"a":1}') },
    })
  })

  it('may be a dead letter as a look shows it: what is not of the message is left', () => {
    const letter = { id: 'm', body: 'x', reason: 'Unreadable', message: 'why', attempts: 3, history: [], bytes: 1 }
    const message = { ...fallback, id: 'm', headers: {}, body: Buffer.from('x') }
    expect(fromJson(letter)).toEqual({ ok: true, message })
  })

  it.each([
    { fault: 'it is no object', value: [], detail: 'the body must be object' },
    { fault: 'a field is of another type', value: { id: 1 }, detail: 'id must be string' },
    {
      fault: 'it has two bodies',
      value: { body: 1, bodyBase64: '' },
      detail: 'Give body or bodyBase64, not both',
    },
    {
      fault: 'it was cut',
      value: { body: 'x', truncated: true },
      detail: 'The message is cut: look at it by its id to get it whole',
    },
  ])('is refused when $fault', ({ value, detail }) => {
    expect(fromJson(value)).toEqual({ ok: false, status: 400, reason: 'MessageInvalid', detail })
  })
})
