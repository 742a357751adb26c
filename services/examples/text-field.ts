import { SoaError } from '#lib/error.ts'

/** The text that a JSON body has to carry under `name`; anything else is refused with 400. */
export function textField(body: unknown, name: string): string {
  const value = body !== null && typeof body === 'object' ? (body as Record<string, unknown>)[name] : undefined
  if (typeof value === 'string' && value !== '') return value
  throw new SoaError('SOA_REQUEST_INVALID', `The body must be a JSON object with "${name}", a text`, { status: 400 })
}
