import { describe, expect, it } from 'vitest'
import { forbiddenAddress } from './address.ts'
import { durationMs } from './duration.ts'
import { usable } from './health.ts'
import { parseLimit } from './limit.ts'

describe('a duration (GEP-2257)', () => {
  it.each([
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1h1m1s1ms', 3_661_001],
    ['0s', 0],
    ['', undefined],
    ['10', undefined],
    ['1.5s', undefined],
    ['-1s', undefined],
    ['100000s', undefined],
    ['1h1h1h1h1h', undefined],
    ['1d', undefined],
  ])('%s is %s milliseconds', (text, ms) => expect(durationMs(text)).toBe(ms))
})

describe('a rate limit', () => {
  it.each([
    ['5/10s', { ok: true, limit: 5, periodMs: 10_000 }],
    [' 0 / 1m ', { ok: true, limit: 0, periodMs: 60_000 }],
    ['1000000/24h', { ok: true, limit: 1_000_000, periodMs: 86_400_000 }],
  ])('%s is read', (text, read) => expect(parseLimit(text)).toEqual(read))
  it.each([
    '',
    '5',
    '5/',
    '/10s',
    '-1/10s',
    '5.5/10s',
    '1000001/1s',
    '5/99ms',
    '5/25h',
    '5/10',
    '5/10s/2',
    '5e3/1s',
    '９/1s',
  ])('%s is refused with a reason', (text) => {
    expect(parseLimit(text)).toEqual({ ok: false, why: expect.stringMatching(/./) })
  })
})

describe('an endpoint address', () => {
  it.each([
    'http://169.254.169.254/latest',
    'http://2852039166',
    'http://0xa9fea9fe',
    'http://0251.0376.0251.0376',
    'http://169.254.1.1',
    'http://[fe80::1]',
    'http://[::ffff:169.254.169.254]',
    'http://[::ffff:a9fe:a9fe]',
    'http://[::169.254.169.254]',
    'http://metadata.google.internal',
    'http://METADATA.google.internal.',
    'http://100.100.100.200',
    'http://[fd00:ec2::254]',
    'http://0.0.0.0',
    'http://0',
    'http://[::]',
    'ftp://a',
    'file:///etc/passwd',
    'gopher://a',
    'http://u:p@a',
    'http://',
    'not a url',
  ])('%s is forbidden', (url) => expect(forbiddenAddress(url)).toEqual(expect.any(String)))
  it.each([
    'http://127.0.0.1:5001',
    'http://10.0.0.1',
    'https://orders.shop.svc:8443/api',
    'http://[::1]:80',
    'http://[fd00::1]',
    'http://168.254.169.254',
  ])('%s may be dialled', (url) => {
    expect(forbiddenAddress(url)).toBeUndefined()
  })
})

describe('usable endpoints', () => {
  const at = (instance: string, health: 'healthy' | 'unhealthy' | 'unknown') => ({
    instance,
    url: `http://${instance}`,
    health,
  })
  it.each([
    { offers: [at('a', 'healthy'), at('b', 'unknown'), at('c', 'unhealthy')], gives: ['a'] },
    { offers: [at('a', 'unhealthy'), at('b', 'unknown')], gives: ['b'] },
    { offers: [at('a', 'unhealthy')], gives: [] },
    { offers: [], gives: [] },
  ])('are $gives', ({ offers, gives }) => expect(usable(offers).map((each) => each.instance)).toEqual(gives))
})
