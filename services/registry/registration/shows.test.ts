import { expect, it } from 'vitest'
import type { RegistryEntry } from '#lib/model/registry.ts'
import type { Registration } from './parse.ts'
import { shows } from './shows.ts'

const entry: RegistryEntry = {
  uid: 'u',
  namespace: 'default',
  object: 'a',
  name: 'A',
  version: '2',
  owner: 'team',
  contract: '/openapi.json',
  metadata: { tier: 'gold', zone: 'x' },
  origin: 'registered',
  endpoints: [
    { instance: 'one', url: 'http://a:1', version: '1', ttlMs: 30_000 },
    { instance: 'two', url: 'http://a:2' },
  ],
  endpointsRev: 'r',
  health: { type: 'http', path: '/', intervalMs: 10_000, timeoutMs: 2_000, unhealthyAfter: 2, healthyAfter: 1 },
  createdAt: '2026-01-01T00:00:00Z',
}
const one: Registration = { namespace: 'default', name: 'A', instance: 'one', url: 'http://a:1', ttlMs: 30_000 }

it.each([
  { when: 'it says the least', asked: {}, is: true },
  { when: 'all is as it was', asked: { version: '1', owner: 'team', contract: '/openapi.json' }, is: true },
  { when: 'metadata come in another order', asked: { metadata: { zone: 'x', tier: 'gold' } }, is: true },
  { when: 'the check is as it was', asked: { health: { interval: '10s', path: '/' } }, is: true },
  {
    when: 'the instance takes the version of the service',
    asked: { instance: 'two', url: 'http://a:2', version: '2', ttlMs: undefined },
    is: true,
  },
  { when: 'the instance is new', asked: { instance: 'three' }, is: false },
  { when: 'the URL is another', asked: { url: 'http://a:9' }, is: false },
  { when: 'the lease is another', asked: { ttlMs: 60_000 }, is: false },
  { when: 'the lease ends', asked: { ttlMs: undefined }, is: false },
  { when: 'the version is another', asked: { version: '2' }, is: false },
  { when: 'the owner is another', asked: { owner: 'x' }, is: false },
  { when: 'metadata are fewer', asked: { metadata: { tier: 'gold' } }, is: false },
  { when: 'the check is another', asked: { health: { timeout: '1s' } }, is: false },
])('shows the registration: $is when $when', ({ asked, is }) => {
  expect(shows(entry, { ...one, ...asked } as Registration)).toBe(is)
})

it('shows nothing where there is no entry, and no check where there is none', () => {
  const { health: _health, ...unchecked } = entry
  expect(shows(undefined, one)).toBe(false)
  expect(shows(unchecked, { ...one, health: { type: 'tcp' } })).toBe(false)
})
