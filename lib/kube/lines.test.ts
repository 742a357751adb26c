import { expect, it } from 'vitest'
import { createLines } from './lines.ts'

function cut(chunks: readonly Uint8Array[], maxLength = 1_000): { lines: string[]; rest: string } {
  const lines: string[] = []
  const reader = createLines(maxLength, (line) => lines.push(line))
  for (const chunk of chunks) reader.push(chunk)
  return { lines, rest: reader.rest() }
}

const text = '{"name":"Zoë ☕ 𝛑"}\n\n{"b":2}\r\n{"cut":'

it.each([1, 2, 3, 5, 7, 1_000])('gives the same lines from chunks of %i bytes', (size) => {
  const bytes = Buffer.from(text)
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  )
  expect(cut(chunks)).toEqual({ lines: ['{"name":"Zoë ☕ 𝛑"}', '{"b":2}'], rest: '{"cut":' })
})

it('refuses a line that would grow without bound', () => {
  const chunk = Buffer.from('x'.repeat(60))
  expect(() => cut([chunk, chunk], 100)).toThrow('longer than 100')
  expect(cut([chunk, Buffer.from('\n'), chunk], 100).lines.length).toBe(1)
})
