import { describe, expect, it } from 'vitest'
import { codeOf, mayRetry, upstreamRefusal } from './failure.ts'

const get = { method: 'GET', hasBody: false, isBodyTouched: false, tries: 1 }
const post = { ...get, method: 'POST' }

describe('a request that failed before it was answered', () => {
  it.each([
    { when: 'nobody listened', code: 'ECONNREFUSED', attempt: post, gives: true },
    {
      when: 'nobody listened, the body still whole',
      code: 'ECONNREFUSED',
      attempt: { ...post, hasBody: true },
      gives: true,
    },
    {
      when: 'nobody listened, the body begun',
      code: 'ECONNREFUSED',
      attempt: { ...post, hasBody: true, isBodyTouched: true },
      gives: false,
    },
    { when: 'the pool had just been closed', code: 'UND_ERR_CLOSED', attempt: post, gives: true },
    { when: 'an idle connection ended under a GET', code: 'UND_ERR_SOCKET', attempt: get, gives: true },
    {
      when: 'a connection was reset under a DELETE',
      code: 'ECONNRESET',
      attempt: { ...get, method: 'DELETE' },
      gives: true,
    },
    { when: 'a connection was reset under a POST', code: 'ECONNRESET', attempt: post, gives: false },
    {
      when: 'a connection was reset under a PATCH',
      code: 'ECONNRESET',
      attempt: { ...get, method: 'PATCH' },
      gives: false,
    },
    {
      when: 'a PUT with a body broke off',
      code: 'ECONNRESET',
      attempt: { ...get, method: 'PUT', hasBody: true },
      gives: false,
    },
    { when: 'it took too long', code: 'UND_ERR_HEADERS_TIMEOUT', attempt: get, gives: false },
    { when: 'the answer was nonsense', code: 'HPE_INVALID_CONSTANT', attempt: get, gives: false },
    { when: 'it was the third try', code: 'ECONNREFUSED', attempt: { ...get, tries: 3 }, gives: false },
  ])('is tried again: $gives, when $when', ({ code, attempt, gives }) => expect(mayRetry(code, attempt)).toBe(gives))

  it.each([
    { code: 'ECONNREFUSED', status: 502, proxyError: 'connection_refused' },
    { code: 'UND_ERR_SOCKET', status: 502, proxyError: 'connection_terminated' },
    { code: 'UND_ERR_HEADERS_TIMEOUT', status: 504, proxyError: 'http_response_timeout' },
    { code: 'UND_ERR_CONNECT_TIMEOUT', status: 504, proxyError: 'connection_timeout' },
  ])('is answered $status for $code', ({ code, status, proxyError }) => {
    const { fields, ...refusal } = upstreamRefusal(code)
    expect([refusal.status, fields]).toEqual([status, ['Proxy-Status', `soaplane; error=${proxyError}`]])
  })

  it('is known by its code, or that of its cause', () => {
    const cause = Object.assign(new Error('x'), { code: 'ECONNRESET' })
    expect([codeOf(cause), codeOf(new Error('y', { cause })), codeOf('z')]).toEqual([
      'ECONNRESET',
      'ECONNRESET',
      'UNKNOWN',
    ])
  })
})
