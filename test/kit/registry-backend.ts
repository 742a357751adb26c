import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from 'node:net'

/** A little service whose health the test decides. */
export interface Backend {
  readonly url: string
  /** What it answers from now on. */
  readonly answer: (status: number) => void
  /** How often it was asked. */
  readonly asked: () => number
  readonly stop: () => Promise<void>
}

export async function httpBackend(): Promise<Backend> {
  let status = 200
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.writeHead(status).end()
  })
  return {
    url: await listening(server),
    answer(next) {
      status = next
    },
    asked: () => asked,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An open port that says nothing. */
export async function tcpBackend(port = 0): Promise<Pick<Backend, 'url' | 'stop'>> {
  const server = createTcpServer((socket) => socket.on('error', () => {}).end())
  return {
    url: await listening(server, port),
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

async function listening(server: Server | TcpServer, port = 0): Promise<string> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
