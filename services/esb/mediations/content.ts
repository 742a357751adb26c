import { type Decoded, decode, type Encoded, encode } from './body.ts'
import { Halt } from './failure.ts'
import type { Message } from './message.ts'

/** What a message says at some point of its way: read when something first looks at it, written when it first leaves. */
export interface Content {
  /** What `$` is; throws a Halt where the body is not what its content type says. */
  readonly value: () => unknown
  /** The same to be shown: undefined where it cannot be read. */
  readonly readable: () => unknown
  readonly data: () => Encoded
}

/** As it was received: its bytes stay the very same. */
export function received({ body, contentType, contentEncoding }: Message): Content {
  const encoded: Encoded = {
    body,
    ...(contentType !== undefined && { contentType }),
    ...(contentEncoding !== undefined && { contentEncoding }),
  }
  let decoded: Decoded | undefined
  const read = () => {
    decoded ??= decode(encoded)
    return decoded
  }
  return {
    value() {
      const reading = read()
      if (!reading.ok) throw new Halt('Unreadable', reading.why)
      return reading.value
    },
    readable() {
      const reading = read()
      return reading.ok ? reading.value : undefined
    },
    data: () => encoded,
  }
}

/** As a step made it. */
export function made(value: unknown, contentType?: string): Content {
  let encoded: Encoded | undefined
  return {
    value: () => value,
    readable: () => value,
    data() {
      encoded ??= encode(value, contentType)
      return encoded
    },
  }
}
