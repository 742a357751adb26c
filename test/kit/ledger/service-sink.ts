import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A service as bad as services get: it fails by chance, hangs, breaks connections, even after it took the message. */
export interface ServiceSink {
  readonly url: string
  /** Ids as often as it took them. */
  readonly delivered: readonly string[]
  readonly stop: () => Promise<void>
}

type Fate = 'takes' | 'fails' | 'hangs' | 'breaks' | 'takesAndBreaks'

const FATES: readonly (readonly [Fate, number])[] = [
  ['fails', 0.08],
  ['breaks', 0.02],
  ['takesAndBreaks', 0.02],
  ['hangs', 0.01],
]

export async function startServiceSink(random: () => number): Promise<ServiceSink> {
  const delivered: string[] = []

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { id, poison } = JSON.parse(await bodyOf(request)) as { readonly id: string; readonly poison: boolean }
    if (poison) {
      response.writeHead(422).end('not this one, ever')
      return
    }
    const fate = fateAt(random())
    if (fate === 'takes' || fate === 'takesAndBreaks') delivered.push(id)
    if (fate === 'takes') response.writeHead(200).end('taken')
    else if (fate === 'fails') response.writeHead(503).end('not now')
    else if (fate !== 'hangs') request.socket.resetAndDestroy()
  }

  const server = createServer((request, response) => {
    // A caller that was killed in the middle of its request.
    answer(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delivered,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function fateAt(place: number): Fate {
  let from = 0
  for (const [fate, share] of FATES) {
    from += share
    if (place < from) return fate
  }
  return 'takes'
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}
