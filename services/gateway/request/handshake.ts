import { malformed, type Refusal } from '../answers/refusal.ts'
import { fieldOf } from './fields.ts'
import type { GatewayRequest, RawRequest } from './read.ts'

type Check = (request: GatewayRequest, raw: RawRequest) => Refusal | undefined

const checks: readonly Check[] = [
  methodIsGet,
  hasNoBody, // RFC 9931: bytes of a body would be taken for the first frames
  keyIsValid,
  versionIsSpoken,
]

/** Why a request is no WebSocket handshake to pass on (RFC 6455 §4.2.1); undefined when it is one. */
export function handshakeRefusal(request: GatewayRequest, raw: RawRequest): Refusal | undefined {
  for (const check of checks) {
    const refusal = check(request, raw)
    if (refusal !== undefined) return { ...refusal, close: true }
  }
  return undefined
}

function methodIsGet({ method }: GatewayRequest): Refusal | undefined {
  return method === 'GET' ? undefined : malformed('InvalidHandshake', 'A WebSocket handshake is a GET request')
}

function hasNoBody({ hasBody }: GatewayRequest): Refusal | undefined {
  return hasBody ? malformed('InvalidHandshake', 'A WebSocket handshake has no body') : undefined
}

function keyIsValid(_request: GatewayRequest, { rawHeaders }: RawRequest): Refusal | undefined {
  const key = fieldOf(rawHeaders, 'sec-websocket-key') ?? ''
  return /^[A-Za-z0-9+/]{22}==$/.test(key)
    ? undefined
    : malformed('InvalidHandshake', 'Sec-WebSocket-Key must be 16 bytes in base64')
}

function versionIsSpoken(_request: GatewayRequest, { rawHeaders }: RawRequest): Refusal | undefined {
  if (fieldOf(rawHeaders, 'sec-websocket-version') === '13') return undefined
  const detail = 'Sec-WebSocket-Version must be 13'
  return {
    status: 426,
    reason: 'InvalidHandshake',
    detail,
    fields: ['Sec-WebSocket-Version', '13', 'Upgrade', 'websocket'],
  }
}

/** Whether a request asks for a WebSocket; other upgrades (h2c) are ignored, the request is served as a plain one. */
export function asksForWebSocket({ upgrade }: { readonly upgrade?: string | undefined }): boolean {
  return upgrade !== undefined && upgrade.trim().toLowerCase() === 'websocket'
}
