import { malformed, type Refusal } from '../answers/refusal.ts'
import { hostOf } from '../match/host.ts'
import { normalisePath } from '../match/path.ts'
import type { Asked } from '../match/rule.ts'
import { targetOf } from '../match/target.ts'
import { type Claims, fieldOf, scanFields } from './fields.ts'

/** What Node's parser leaves of a request head; an IncomingMessage is one. */
export interface RawRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

/** A request the gateway may route: read once, and everything after works on this alone. */
export interface GatewayRequest extends Asked {
  /** As the client wrote it, Host or the target's own; goes upstream as Host. Undefined for HTTP/1.0 without one. */
  readonly authority: string | undefined
  readonly forward: readonly string[]
  readonly via: string | undefined
  readonly claims: Claims
  readonly hasBody: boolean
  /** Declared length in bytes; undefined when chunked or none. */
  readonly contentLength: number | undefined
}

export type Read =
  | { readonly ok: true; readonly request: GatewayRequest }
  | { readonly ok: false; readonly refusal: Refusal }

/** A check of the head alone, before anything is read from it. */
type Check = (raw: RawRequest) => Refusal | undefined

const checks: readonly Check[] = [
  versionIsSpoken, // what follows means something else in other versions
  methodIsProxied,
]

/**
 * Reads a head that Node's parser let pass, and refuses what it should not have: ambiguous framing and hosts, targets that
 * servers read in more than one way (RFC 9112 §11.2, RFC 9110 §17).
 */
export function readRequest(raw: RawRequest): Read {
  for (const check of checks) {
    const refusal = check(raw)
    if (refusal !== undefined) return { ok: false, refusal }
  }
  const scanned = scanFields(raw.rawHeaders)
  if (!scanned.ok) return scanned
  const { fields } = scanned
  const framing = codingIsKnown(fields.transferEncoding, raw.httpVersion)
  if (framing !== undefined) return refused(framing)
  const target = targetOf(raw.url ?? '')
  if (!target.ok) return refused(malformed('InvalidTarget', target.why))
  // RFC 9112 §3.2.2: the authority of an absolute target counts, whatever Host says; but Host must still be valid.
  const authority = target.authority ?? fields.host
  const host = authority === undefined ? '' : knownHost(authority)
  if (
    host === undefined ||
    (target.authority !== undefined && fields.host !== undefined && knownHost(fields.host) === undefined)
  )
    return refused(malformed('InvalidHost', 'Host must be a host name or address, with a port or without'))
  const path = normalisePath(target.rawPath)
  if (!path.ok) return refused(malformed('InvalidPath', path.why))
  const length = fields.contentLength === undefined ? undefined : Number(fields.contentLength)
  return {
    ok: true,
    request: {
      method: raw.method ?? 'GET',
      host,
      path: path.path,
      query: target.query,
      header: (name) => fieldOf(raw.rawHeaders, name),
      authority,
      forward: fields.forward,
      via: fields.via,
      claims: fields.claims,
      hasBody: fields.transferEncoding !== undefined || (length !== undefined && length > 0),
      contentLength: fields.transferEncoding === undefined ? length : undefined,
    },
  }
}

function refused(refusal: Refusal): Read {
  return { ok: false, refusal }
}

function versionIsSpoken({ httpVersion }: RawRequest): Refusal | undefined {
  if (httpVersion === '1.1' || httpVersion === '1.0') return undefined
  if (httpVersion.startsWith('0')) return malformed('HttpVersion', 'HTTP/1.0 or HTTP/1.1 is needed')
  return { status: 505, reason: 'HttpVersion', detail: 'HTTP/1.0 and HTTP/1.1 are spoken here', close: true }
}

function methodIsProxied({ method }: RawRequest): Refusal | undefined {
  if (method !== 'TRACE') return undefined
  return { status: 405, reason: 'MethodNotAllowed', detail: 'TRACE is not passed on' }
}

function codingIsKnown(coding: string | undefined, httpVersion: string): Refusal | undefined {
  if (coding === undefined) return undefined
  if (httpVersion === '1.0') return malformed('TransferEncoding', 'HTTP/1.0 has no Transfer-Encoding')
  const codings = coding.split(',').map((each) => each.trim().toLowerCase())
  if (codings.length === 1 && codings[0] === 'chunked') return undefined
  // RFC 9112 §6.3: without chunked at the end, and there alone, nobody can tell where the body ends.
  if (codings.indexOf('chunked') !== codings.length - 1)
    return malformed('TransferEncoding', 'The last transfer coding must be chunked, once')
  return { status: 501, reason: 'TransferEncoding', detail: 'The only transfer coding here is chunked', close: true }
}

/** Hosts seen, by how they were written; bounded, since they are the client's. */
const hosts = new Map<string, string | undefined>()
const HOSTS_KEPT = 5_000

function knownHost(authority: string): string | undefined {
  const known = hosts.get(authority)
  if (known !== undefined) return known
  const host = hostOf(authority)
  if (host !== undefined && hosts.size < HOSTS_KEPT) hosts.set(authority, host)
  return host
}
