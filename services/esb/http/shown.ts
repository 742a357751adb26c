import type { Message } from '../mediations/message.ts'

/** A body as JSON shows it. */
export type ShownBody = { readonly body: unknown } | { readonly bodyBase64: string }

export interface Truncated {
  readonly truncated?: true
}

/** Whether a media type says JSON (RFC 6839: a structured syntax suffix says so too). */
export function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && /^[^;]*[/+]json\s*(;|$)/i.test(contentType)
}

/**
 * A message's body for people: a JSON value, text, or base64 where it is neither. What is over `maxBytes` is cut, and
 * since half a JSON value is none, shown as text.
 */
export function shownBody(
  { body, contentType, contentEncoding }: Pick<Message, 'body' | 'contentType' | 'contentEncoding'>,
  maxBytes: number,
): ShownBody & Truncated {
  const isWhole = body.length <= maxBytes
  const kept = isWhole ? body : body.subarray(0, maxBytes)
  const truncated = isWhole ? {} : ({ truncated: true } as const)
  const text = contentEncoding === undefined && mayBeText(contentType) ? textOf(kept, isWhole) : undefined
  if (text === undefined) return { bodyBase64: kept.toString('base64'), ...truncated }
  const json = isWhole && (contentType === undefined || isJson(contentType)) ? jsonOf(text) : undefined
  return { body: json === undefined ? text : json.value, ...truncated }
}

function mayBeText(contentType: string | undefined): boolean {
  return contentType === undefined || isJson(contentType) || /^text\//i.test(contentType)
}

/** Undefined when the bytes are no UTF-8; a character cut in two at the end is left out. */
function textOf(bytes: Buffer, isWhole: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !isWhole })
  } catch {
    return undefined
  }
}

function jsonOf(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
