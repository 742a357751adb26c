import type { GatewayRequest } from '../request/read.ts'

const OURS = '1.1 soaplane'

/**
 * The fields that go upstream, flat: the client's end-to-end fields, its Host, and who it was. What untrusted peers claim
 * of that is replaced, never appended to.
 */
export function upstreamFields(request: GatewayRequest, peer: string, isTrusted: boolean): string[] {
  const { authority, claims, via } = request
  const fields = request.forward.slice()
  if (authority !== undefined) fields.push('Host', authority)
  fields.push('Via', via === undefined ? OURS : `${via}, ${OURS}`)
  if (!isTrusted) {
    fields.push('X-Forwarded-For', peer, 'X-Forwarded-Proto', 'http')
    if (authority !== undefined) fields.push('X-Forwarded-Host', authority)
    return fields
  }
  fields.push('X-Forwarded-For', claims.for === undefined ? peer : `${claims.for}, ${peer}`)
  fields.push('X-Forwarded-Proto', claims.proto ?? 'http')
  const host = claims.host ?? authority
  if (host !== undefined) fields.push('X-Forwarded-Host', host)
  if (claims.forwarded !== undefined) fields.push('Forwarded', `${claims.forwarded}, for=${node(peer)}`)
  fields.push(...claims.others)
  return fields
}

// RFC 7239 §6: an IPv6 address is bracketed and quoted.
function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address
}
