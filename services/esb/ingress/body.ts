import type { IncomingMessage } from 'node:http'
import { SoaError } from '#lib/error.ts'

/** Reads a body as the bytes it came in, encoded or not; undefined when there are more than `maxBytes`. */
export async function bytesOf(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length
      if (size > maxBytes) return undefined
      chunks.push(chunk as Buffer)
    }
  } catch (cause) {
    throw new SoaError('SOA_REQUEST_INVALID', 'The request was cut off', { status: 400, cause })
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size)
}
