import { malformed, type Refusal } from '../answers/refusal.ts'

/** What earlier hops said of the client: to be believed only when the hop that sent it is trusted. */
export interface Claims {
  readonly for: string | undefined
  readonly proto: string | undefined
  readonly host: string | undefined
  readonly forwarded: string | undefined
  /** The others, flat: forwarded as they came by a trusted hop, else dropped. */
  readonly others: readonly string[]
}

/**
 * The fields of a request, read once from its raw fields: what is judged here is, byte for byte, what is forwarded. Node's
 * own `headers` keeps the first of some duplicates and joins others, while the raw fields carry them all (CWE-444).
 */
export interface Fields {
  /** Flat `[name, value, …]` for upstream: end-to-end fields, without Host, Via and claims. */
  readonly forward: readonly string[]
  readonly host: string | undefined
  readonly transferEncoding: string | undefined
  readonly contentLength: string | undefined
  readonly via: string | undefined
  readonly claims: Claims
}

export type Scanned = { readonly ok: true; readonly fields: Fields } | { readonly ok: false; readonly refusal: Refusal }

/** What is done with a field of a certain name; `EndToEnd` is forwarded as it came. */
type Role =
  | 'EndToEnd'
  | 'HopByHop' // RFC 9110 §7.6.1, and what concerns this connection alone
  | 'Once' // forwarded, but two of it would let two readers pick different ones
  | 'ContentLength'
  | 'TransferEncoding'
  | 'Connection'
  | 'Te'
  | 'Host'
  | 'Via'
  | 'For'
  | 'Proto'
  | 'ForwardedHost'
  | 'Forwarded'
  | 'Claim'
  | 'Underscore'

const ROLES = new Map<string, Role>([
  ['host', 'Host'],
  ['connection', 'Connection'],
  ['content-length', 'ContentLength'],
  ['transfer-encoding', 'TransferEncoding'],
  ['te', 'Te'],
  ['keep-alive', 'HopByHop'],
  ['proxy-connection', 'HopByHop'],
  ['proxy-authenticate', 'HopByHop'],
  ['proxy-authorization', 'HopByHop'],
  ['trailer', 'HopByHop'],
  ['upgrade', 'HopByHop'],
  ['http2-settings', 'HopByHop'],
  ['expect', 'HopByHop'],
  ['authorization', 'Once'],
  ['content-type', 'Once'],
  ['x-api-key', 'Once'],
  ['via', 'Via'],
  ['x-forwarded-for', 'For'],
  ['x-forwarded-proto', 'Proto'],
  ['x-forwarded-host', 'ForwardedHost'],
  ['forwarded', 'Forwarded'],
  ['x-forwarded-port', 'Claim'],
  ['x-forwarded-prefix', 'Claim'],
  ['x-forwarded-server', 'Claim'],
  ['x-real-ip', 'Claim'],
])

/** Roles by the name as it was spelled: spares a lower-casing per field; bounded, since names are the client's. */
const spelled = new Map<string, Role>()
const SPELLINGS_KEPT = 2_000

function roleOf(name: string): Role {
  const known = spelled.get(name)
  if (known !== undefined) return known
  const role = name.includes('_') ? 'Underscore' : (ROLES.get(name.toLowerCase()) ?? 'EndToEnd')
  if (spelled.size < SPELLINGS_KEPT) spelled.set(name, role)
  return role
}

/** Sorts the raw fields by what is done with them, or refuses. */
export function scanFields(raw: readonly string[]): Scanned {
  const forward: string[] = []
  const others: string[] = []
  const once: string[] = []
  let host: string | undefined
  let transferEncoding: string | undefined
  let contentLength: string | undefined
  let connection: string | undefined
  let via: string | undefined
  let claimedFor: string | undefined
  let proto: string | undefined
  let claimedHost: string | undefined
  let forwarded: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    switch (roleOf(name)) {
      case 'EndToEnd':
        forward.push(name, value)
        break
      case 'Host':
        if (host !== undefined) return refused(malformed('DuplicateHost', 'Host must be given once'))
        host = value
        break
      case 'Once':
        if (once.includes(name.toLowerCase()))
          return refused(malformed('DuplicateField', `${name} must be given at most once`))
        once.push(name.toLowerCase())
        forward.push(name, value)
        break
      case 'ContentLength':
        contentLength = value
        forward.push(name, value)
        break
      case 'TransferEncoding':
        transferEncoding = joined(transferEncoding, value)
        break
      case 'Connection':
        connection = joined(connection, value)
        break
      case 'Te':
        // Of what this hop may do with a body only trailers reach further.
        if (/(^|,)\s*trailers\s*(,|$)/i.test(value)) forward.push(name, 'trailers')
        break
      case 'Via':
        via = joined(via, value)
        break
      case 'For':
        claimedFor = joined(claimedFor, value)
        break
      case 'Proto':
        proto = joined(proto, value)
        break
      case 'ForwardedHost':
        claimedHost = joined(claimedHost, value)
        break
      case 'Forwarded':
        forwarded = joined(forwarded, value)
        break
      case 'Claim':
        others.push(name, value)
        break
      case 'Underscore':
        // `X_Api_Key` is X-Api-Key to servers that turn fields into environment variables.
        return refused(malformed('UnderscoreInField', `${name}: field names must not contain underscores`))
      case 'HopByHop':
        break
    }
  }
  const nominated = connection === undefined ? NOBODY : nominatedBy(connection)
  const protectedField = nominated.find(isProtected)
  if (protectedField !== undefined)
    return refused(malformed('ProtectedFieldNominated', `Connection must not name ${protectedField}`))
  const claims = { for: claimedFor, proto, host: claimedHost, forwarded, others }
  const kept = nominated.length === 0 ? forward : withoutNames(forward, nominated)
  return { ok: true, fields: { forward: kept, host, transferEncoding, contentLength, via, claims } }
}

function refused(refusal: Refusal): Scanned {
  return { ok: false, refusal }
}

function joined(last: string | undefined, value: string): string {
  return last === undefined ? value : `${last}, ${value}`
}

const NOBODY: readonly string[] = []
const OPTIONS = new Set(['close', 'keep-alive', 'upgrade', 'te', 'http2-settings'])

/** Fields that Connection names besides its own options: they end here (RFC 9110 §7.6.1). */
function nominatedBy(connection: string): readonly string[] {
  if (connection === 'keep-alive' || connection === 'close') return NOBODY
  const names = connection.split(',').map((each) => each.trim().toLowerCase())
  return names.filter((name) => name !== '' && !OPTIONS.has(name))
}

// To have these dropped on the way is an attack on whoever trusts them behind us (CVE-2025-48865).
const PROTECTED = new Set(['host', 'content-length', 'content-type', 'authorization', 'cookie', 'via', 'forwarded'])

function isProtected(name: string): boolean {
  return PROTECTED.has(name) || name.startsWith('x-') || name.startsWith('soaplane-')
}

/** Flat fields without those of these names, given in lower case. */
export function withoutNames(fields: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    if (!names.includes((fields[i] as string).toLowerCase())) kept.push(fields[i] as string, fields[i + 1] as string)
  }
  return kept
}

/** A field's value by its name in lower case, several lines joined with a comma (RFC 9110 §5.3). */
export function fieldOf(raw: readonly string[], name: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const own = raw[i] as string
    if (own.length === name.length && own.toLowerCase() === name) value = joined(value, raw[i + 1] as string)
  }
  return value
}
