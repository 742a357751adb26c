import { describe, expect, it } from 'vitest'
import { refusalOf } from './verdict.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const verdict = (status: number, retryAfter?: string) => refusalOf({ status, retryAfter }, 'orders', NOW)

describe('a service that answers', () => {
  it.each([200, 201, 202, 204])('%i has taken the message', (status) => expect(verdict(status)).toBeUndefined())

  it.each([301, 304, 400, 401, 404, 409, 422, 501, 505])('%i refuses it for good', (status) => {
    expect(verdict(status)).toEqual({
      ...{ class: 'Permanent', reason: 'ServiceRefused', message: `orders answered ${status}` },
    })
  })

  it.each([408, 425, 429, 500, 502, 503, 504, 507])('%i may take it later', (status) => {
    expect(verdict(status)).toEqual({
      ...{ class: 'Transient', reason: 'ServiceFailed', message: `orders answered ${status}` },
    })
  })

  it.each([
    ['2', 2_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['999999', 3_600_000],
    ['soon', undefined],
    ['-1', undefined],
  ])('503 with Retry-After %s asks for %s ms', (retryAfter, retryAfterMs) => {
    expect(verdict(503, retryAfter)?.retryAfterMs).toBe(retryAfterMs)
  })
})
