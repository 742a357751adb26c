import { describe, expect, it } from 'vitest'
import { upstreamFields } from '../upstream/forward.ts'
import { clientAddress, plainAddress, trustOf } from './client.ts'
import type { Claims } from './fields.ts'
import type { GatewayRequest } from './read.ts'

const nothing: Claims = { for: undefined, proto: undefined, host: undefined, forwarded: undefined, others: [] }
const trust = trustOf(['10.0.0.0/8', 'fd00::/8', '192.0.2.7'])

describe("the client's address", () => {
  it.each([
    { when: 'nobody claims anything', peer: '10.0.0.1', claimed: undefined, gives: '10.0.0.1' },
    { when: 'the peer is not trusted', peer: '203.0.113.1', claimed: '1.2.3.4', gives: '203.0.113.1' },
    { when: 'the peer is trusted', peer: '10.0.0.1', claimed: '203.0.113.9', gives: '203.0.113.9' },
    {
      when: 'the client lied to the first hop',
      peer: '10.0.0.1',
      claimed: '1.1.1.1, 203.0.113.9',
      gives: '203.0.113.9',
    },
    { when: 'hops are trusted', peer: '10.0.0.1', claimed: '1.1.1.1, 203.0.113.9, 10.1.1.1', gives: '203.0.113.9' },
    { when: 'all hops are trusted', peer: '10.0.0.1', claimed: '10.2.2.2, 10.1.1.1', gives: '10.2.2.2' },
    { when: 'a hop wrote nonsense', peer: '10.0.0.1', claimed: '203.0.113.9, unknown', gives: '10.0.0.1' },
    { when: 'a port is behind it', peer: '192.0.2.7', claimed: '203.0.113.9:4711', gives: '203.0.113.9' },
    { when: 'it is IPv6', peer: 'fd00::1', claimed: '[2001:db8::1]:4711', gives: '2001:db8::1' },
  ])('is $gives when $when', ({ peer, claimed, gives }) => {
    expect(clientAddress(peer, { ...nothing, for: claimed }, trust)).toBe(gives)
  })

  it('is IPv4 where IPv6 carries it', () => expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1'))

  it.each(['10.0.0.0/33', 'nonsense', '::/129', '10.0.0.0/x'])('cannot be trusted by %s', (cidr) => {
    expect(() => trustOf([cidr])).toThrow(`"${cidr}" is no address and no CIDR such as 10.0.0.0/8`)
  })
})

describe('the fields that go upstream', () => {
  const claims: Claims = {
    ...{ for: '1.2.3.4', proto: 'https', host: 'public.example', forwarded: 'for=1.2.3.4' },
    others: ['X-Real-IP', '1.2.3.4'],
  }
  const request = { authority: 'h:80', forward: ['Accept', '*/*'], via: '1.0 x', claims } as unknown as GatewayRequest

  it('replace what an untrusted peer claims', () => {
    expect(upstreamFields(request, '203.0.113.1', false)).toEqual([
      ...['Accept', '*/*', 'Host', 'h:80', 'Via', '1.0 x, 1.1 soaplane', 'X-Forwarded-For', '203.0.113.1'],
      ...['X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'h:80'],
    ])
  })

  it('add to what a trusted peer claims', () => {
    expect(upstreamFields(request, 'fd00::1', true)).toEqual([
      ...['Accept', '*/*', 'Host', 'h:80', 'Via', '1.0 x, 1.1 soaplane', 'X-Forwarded-For', '1.2.3.4, fd00::1'],
      ...['X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'public.example'],
      ...['Forwarded', 'for=1.2.3.4, for="[fd00::1]"', 'X-Real-IP', '1.2.3.4'],
    ])
  })
})
