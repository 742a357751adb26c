import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Refusal } from './refusal.ts'

/** Answers a request by the gateway itself, RFC 9457 problem details unless the body is fixed; does nothing once a head was sent. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
  more: readonly string[] = [],
): void {
  if (response.headersSent || response.destroyed) return
  const { status, reason, detail, text, fields = [] } = refusal
  const title = STATUS_CODES[status] ?? 'Error'
  const body = Buffer.from(text ?? JSON.stringify({ type: 'about:blank', title, status, detail, reason }))
  // A body that nobody will read stands in the way of the next request.
  if (refusal.close === true || hasUnreadBody(request)) response.shouldKeepAlive = false
  response.writeHead(status, [
    ...['Content-Type', text === undefined ? 'application/problem+json' : 'text/plain; charset=utf-8'],
    ...['Content-Length', String(body.length), 'Cache-Control', 'no-store'],
    ...fields,
    ...more,
  ])
  response.end(body)
}

function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')
}
