import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Claims } from './fields.ts'

/** Which peers are believed when they say who their client was. */
export interface Trust {
  readonly trusts: (address: string) => boolean
}

/** Takes CIDRs and single addresses; throws with the one it cannot read. */
export function trustOf(cidrs: readonly string[]): Trust {
  if (cidrs.length === 0) return { trusts: () => false }
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const version = isIP(address)
    const prefix = bits === undefined ? (version === 4 ? 32 : 128) : Number(bits)
    if (version === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > (version === 4 ? 32 : 128))
      throw new Error(`"${cidr}" is no address and no CIDR such as 10.0.0.0/8`)
    list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6')
  }
  return { trusts: (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') }
}

/** A peer's address as it is counted and told: IPv4 in IPv6 clothes is IPv4. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}

/**
 * The client's address: the peer's own, or, as long as who sent it is trusted, what it claims, from the right. Claims are
 * only ever followed through trusted hops, so a client cannot choose the address it is counted by.
 */
export function clientAddress(peer: string, claims: Claims, { trusts }: Trust): string {
  if (claims.for === undefined || !trusts(peer)) return peer
  const hops = claims.for.split(',').map((each) => addressIn(each.trim()))
  let client = peer
  for (const hop of hops.reverse()) {
    if (hop === undefined) return client
    client = hop
    if (!trusts(hop)) return client
  }
  return client
}

// Some hops write a port behind the address.
function addressIn(text: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([^:]+)(?::\d+)?)$/.exec(text) ?? []
  const address = bracketed ?? plain ?? text
  return ipaddr.isValid(address) ? plainAddress(address) : undefined
}
