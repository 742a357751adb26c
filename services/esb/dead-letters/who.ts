import type { Request } from '#lib/http.ts'

const MAX_CHARS = 200

/**
 * Who asks, for the audit: whom a proxy in front has logged in, if it says so; else what the request itself shows. The
 * operators' token is shared, so it names nobody.
 */
export function whoAsks(request: Pick<Request, 'get' | 'socket'>, controlToken: string | undefined): string {
  const named = request.get('x-forwarded-user')?.trim().slice(0, MAX_CHARS)
  if (named) return named
  const from = request.socket.remoteAddress ?? 'an unknown address'
  return `${controlToken === undefined ? 'anybody' : 'holder of the control token'} at ${from}`
}
