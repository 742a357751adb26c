import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A little service of the test's own. */
export interface Backend {
  readonly url: string
  /** `METHOD path` of each request it took. */
  readonly taken: readonly string[]
  readonly stop: () => Promise<void>
}

/** Answers each request with this text, or as the function does. */
export async function startBackend(
  answer: string | ((request: IncomingMessage, response: ServerResponse) => void),
): Promise<Backend> {
  const taken: string[] = []
  const server = createServer((request, response) => {
    taken.push(`${request.method} ${request.url}`)
    if (typeof answer === 'function') answer(request, response)
    else response.end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    },
  }
}
