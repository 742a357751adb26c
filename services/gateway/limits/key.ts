import { hash } from 'node:crypto'
import type { LimitKey } from '#lib/model/gateway.ts'
import type { LimitSubject } from './contract.ts'

/** Above this, keys are hashed: an address, a name or a UUID stays readable, a token costs no more memory than those. */
const MAX_PLAIN_CHARS = 64

// NUL cannot come in through HTTP: neither of these can be chosen by a client.
const HASHED = '\0'
/** Requests without the header, or without a consumer, share one counter: to leave it out is no way around the limit. */
export const MISSING_KEY = '\0\0'

/** The value by which a limit counts this request apart. */
export function keyValue(key: LimitKey, subject: LimitSubject): string {
  switch (key.by) {
    case 'global':
      return ''
    case 'clientIp':
      return bounded(subject.clientIp())
    case 'header':
      return bounded(subject.header(key.header))
    case 'consumer':
      return bounded(subject.consumer())
    default:
      return key satisfies never
  }
}

function bounded(value: string | undefined): string {
  if (value === undefined) return MISSING_KEY
  return value.length <= MAX_PLAIN_CHARS ? value : HASHED + hash('sha256', value, 'base64url')
}

/** What a limit counts by, as one word: part of its counters' identity. */
export function keyText(key: LimitKey): string {
  return key.by === 'header' ? `header:${key.header}` : key.by
}

/** The inverse of keyText; undefined for what it never gives. */
export function keyOfText(text: string): LimitKey | undefined {
  if (text === 'global' || text === 'clientIp' || text === 'consumer') return { by: text }
  return text.startsWith('header:') ? { by: 'header', header: text.slice('header:'.length) } : undefined
}
