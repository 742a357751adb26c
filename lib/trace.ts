/** Where work stands in a trace, to be passed on. https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  readonly traceparent: string
  readonly traceId: string
  /** Whether it goes on with a trace that came with the request: `tracestate` belongs to that one, and is dropped otherwise. */
  readonly isContinued: boolean
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1
/** Level 2 of the specification: the trace id is random, at least its last seven bytes. */
const RANDOM = 2

/**
 * The context of a step that follows: the same trace, a new parent. What cannot be read begins a new trace, as the
 * specification has it. `random` gives numbers from 0 to 1, as `Math.random` does.
 */
export function childOf(traceparent: string | undefined, random: () => number): TraceContext {
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(traceparent?.trim() ?? '') ?? []
  if (!isValid({ version, traceId, parentId, more })) return newTrace(random)
  // A later version may have more flags, and more behind them: what goes on is written in the version that is known.
  const known = Number.parseInt(flags as string, 16) & (SAMPLED | RANDOM)
  return written(traceId as string, known, random, true)
}

// Recorded: what asks its parent, as tracers do unless told otherwise, would record nothing of a trace that begins with a no.
function newTrace(random: () => number): TraceContext {
  return written(idOf(4, random), SAMPLED | RANDOM, random, false)
}

function written(traceId: string, flags: number, random: () => number, isContinued: boolean): TraceContext {
  const traceparent = `00-${traceId}-${idOf(2, random)}-${flags.toString(16).padStart(2, '0')}`
  return { traceparent, traceId, isContinued }
}

function isValid(found: Readonly<Record<'version' | 'traceId' | 'parentId' | 'more', string | undefined>>): boolean {
  const { version, traceId, parentId, more } = found
  if (version === undefined || version === 'ff') return false
  if (version === '00' && more !== undefined) return false
  return !isZero(traceId as string) && !isZero(parentId as string)
}

function isZero(id: string): boolean {
  return /^0+$/.test(id)
}

/** An id of so many words of four bytes, never all zero: that one is invalid. */
function idOf(words: number, random: () => number): string {
  let id = ''
  for (let i = 0; i < words; i++) {
    const word = Math.floor(random() * 0x1_0000_0000)
    id += hex(word >>> 24) + hex(word >>> 16) + hex(word >>> 8) + hex(word)
  }
  return isZero(id) ? `${id.slice(0, -1)}1` : id
}

// Every message has its own: a number is written several times as fast from a table as by itself.
const HEX = Array.from({ length: 256 }, (_none, byte) => byte.toString(16).padStart(2, '0'))

/** The lowest byte of a number. */
function hex(number: number): string {
  return HEX[number & 0xff] as string
}
