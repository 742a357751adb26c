import { Halt } from './failure.ts'

const JSON_TYPE = /^(?:application\/json|[^;]+\+json)\s*(?:;|$)/i
const TEXT_TYPE = /^text\//i
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i
// What clients write there although it is no encoding but a charset (RFC 9110 §8.4 has `identity` as none).
const NO_ENCODING = /^(?:|identity|utf-?8)$/i

const UTF_8 = new TextDecoder('utf-8', { fatal: true })

/** A body as it leaves, with what says how to read it. */
export interface Encoded {
  readonly body: Buffer
  readonly contentType?: string
  readonly contentEncoding?: string
}

/** What expressions see of a body: undefined where it is neither JSON nor text. */
export type Decoded = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string }

const NO_VALUE: Decoded = { ok: true, value: undefined }

export function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && JSON_TYPE.test(contentType)
}

/** Whether the bytes are packed, so that they say nothing before they are unpacked. */
export function isEncoded(contentEncoding: string | undefined): contentEncoding is string {
  return contentEncoding !== undefined && !NO_ENCODING.test(contentEncoding)
}

/** The value of a body by its content type; without one it is JSON if it parses, else text. */
export function decode({ body, contentType, contentEncoding }: Encoded): Decoded {
  if (isEncoded(contentEncoding)) return NO_VALUE
  if (contentType === undefined || contentType === '') return guessed(body)
  if (JSON_TYPE.test(contentType)) return json(body)
  if (TEXT_TYPE.test(contentType)) return text(body, CHARSET.exec(contentType)?.[1])
  return NO_VALUE
}

function json(body: Buffer): Decoded {
  try {
    return { ok: true, value: JSON.parse(UTF_8.decode(body)) }
  } catch (error) {
    return { ok: false, why: `The body is no JSON: ${(error as Error).message.replaceAll(/\s+/g, ' ')}` }
  }
}

function guessed(body: Buffer): Decoded {
  const decoded = text(body, undefined)
  if (!decoded.ok) return NO_VALUE
  try {
    return { ok: true, value: JSON.parse(decoded.value as string) }
  } catch {
    return decoded
  }
}

function text(body: Buffer, charset: string | undefined): Decoded {
  const decoder = charset === undefined ? UTF_8 : decoderOf(charset)
  if (decoder === undefined) return { ok: false, why: `The charset ${charset} is not known` }
  try {
    return { ok: true, value: decoder.decode(body) }
  } catch {
    return { ok: false, why: `The body is no text in ${decoder.encoding}` }
  }
}

function decoderOf(charset: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(charset, { fatal: true })
  } catch {
    return undefined
  }
}

/** The body that a value makes: text stays text unless the type says JSON, anything else is JSON. */
export function encode(value: unknown, contentType = typeOf(value)): Encoded {
  const isText = typeof value === 'string' && !isJson(contentType)
  return { body: Buffer.from(isText ? value : jsonOf(value)), contentType }
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    // It can be read deeper than it can be written: that takes the stack of JavaScript.
    if (cause instanceof RangeError)
      throw new Halt('TooLarge', 'The body is nested too deeply, or too long, to be written')
    throw cause
  }
}

/** The content type of a value that nobody gave one. */
export function typeOf(value: unknown): string {
  return typeof value === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
}
