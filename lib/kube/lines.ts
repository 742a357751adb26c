import { StringDecoder } from 'node:string_decoder'

/** Cuts a byte stream into lines, whole characters whatever the chunks; blank lines are left out. */
export interface Lines {
  /** Calls back for each line that this chunk completes. */
  readonly push: (chunk: Uint8Array) => void
  /** What stands after the last line end. */
  readonly rest: () => string
}

/** `maxLength` bounds what one line may hold in memory; `onLine` may throw to end the reading. */
export function createLines(maxLength: number, onLine: (line: string) => void): Lines {
  const decoder = new StringDecoder('utf8')
  let parts: string[] = []
  let length = 0

  function keep(text: string): void {
    if (text === '') return
    parts.push(text)
    length += text.length
    if (length > maxLength) throw new Error(`a line is longer than ${maxLength} characters`)
  }

  return {
    push(chunk) {
      const [first = '', ...others] = decoder
        .write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
        .split('\n')
      keep(first)
      for (const next of others) {
        const line = parts.join('').trim()
        parts = []
        length = 0
        keep(next)
        if (line !== '') onLine(line)
      }
    },
    rest: () => parts.join('').trim(),
  }
}
