import { describe, expect, it } from 'vitest'
import type { LimitKey } from '#lib/model/gateway.ts'
import { subject } from '#test/kit/rate-limits.ts'
import type { LimitSubject } from './contract.ts'
import { keyOfText, keyText, keyValue, MISSING_KEY } from './key.ts'

const token = 'x'.repeat(65)
const request = subject({ ip: '203.0.113.9', headers: { 'x-key': 'k1', authorization: token }, consumer: 'alice' })

describe('the key of a request', () => {
  it.each<{ key: LimitKey; value: string }>([
    { key: { by: 'global' }, value: '' },
    { key: { by: 'clientIp' }, value: '203.0.113.9' },
    { key: { by: 'header', header: 'x-key' }, value: 'k1' },
    { key: { by: 'header', header: 'absent' }, value: MISSING_KEY },
    { key: { by: 'consumer' }, value: 'alice' },
  ])('by $key is $value', ({ key, value }) => expect(keyValue(key, request)).toBe(value))

  it('is missing without a consumer, which is not the same as an empty value', () => {
    expect(keyValue({ by: 'consumer' }, subject({}))).toBe(MISSING_KEY)
    expect(keyValue({ by: 'consumer' }, subject({ consumer: '' }))).toBe('')
  })

  it('is a hash of what is long, different for different values, and never a secret', () => {
    const [one, two] = [token, `${token}y`].map((value) =>
      keyValue({ by: 'header', header: 'h' }, subject({ headers: { h: value } })),
    )
    expect(one).toHaveLength(44)
    expect(one).not.toBe(two)
    expect(keyValue({ by: 'header', header: 'h' }, subject({ headers: { h: 'y'.repeat(64) } }))).toBe('y'.repeat(64))
  })

  it('asks the request for nothing but what it is made of, and once', () => {
    const asked: string[] = []
    const spy: LimitSubject = {
      clientIp: () => String(asked.push('clientIp')),
      header: (name) => String(asked.push(name)),
      consumer: () => String(asked.push('consumer')),
    }
    for (const key of [
      { by: 'global' },
      { by: 'clientIp' },
      { by: 'header', header: 'h' },
      { by: 'consumer' },
    ] as const)
      keyValue(key, spy)
    expect(asked).toEqual(['clientIp', 'h', 'consumer'])
  })
})

describe('the kind of key as a word', () => {
  it.each<LimitKey>([{ by: 'global' }, { by: 'clientIp' }, { by: 'consumer' }, { by: 'header', header: 'x-key' }])(
    'comes back as %j',
    (key) => expect(keyOfText(keyText(key))).toEqual(key),
  )

  it.each(['', 'header', 'cookie:a', 'constructor'])('is none as %j', (text) => expect(keyOfText(text)).toBeUndefined())
})
