import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { asksForWebSocket } from '../request/handshake.ts'

export interface ServerLimits {
  readonly maxConnections: number
  readonly requestTimeoutMs: number
}

export interface Handlers {
  /** `mustContinue`: the client waits for 100 before it sends its body. */
  readonly onRequest: (incoming: IncomingMessage, outgoing: ServerResponse, mustContinue: boolean) => void
  readonly onWebSocket: (incoming: IncomingMessage, client: Duplex, early: Buffer) => void
  /** Node's parser refused what came; the answer is on its way. */
  readonly onMalformed: (status: number) => void
}

const STATUS_OF_PARSER: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** The newest response of a connection: what comes after it must wait for it. */
const inHand = new WeakMap<Duplex, ServerResponse>()

/** The server in front, with every limit that Node leaves open set (RFC 9112 §9, slow and endless clients). */
export function frontServer({ maxConnections, requestTimeoutMs }: ServerLimits, handlers: Handlers): Server {
  const server = createServer(
    {
      maxHeaderSize: 16 * 1024,
      headersTimeout: 10_000,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: 75_000, // longer than the balancers in front keep theirs: 60 s
      insecureHTTPParser: false,
      requireHostHeader: true,
      noDelay: true,
      shouldUpgradeCallback: (incoming) => asksForWebSocket(incoming.headers),
    },
    (incoming, outgoing) => accept(incoming, outgoing, false),
  )
  server.maxConnections = maxConnections

  function accept(incoming: IncomingMessage, outgoing: ServerResponse, mustContinue: boolean): void {
    inHand.set(incoming.socket, outgoing)
    if (incoming.url === '*' && incoming.method === 'OPTIONS') {
      // RFC 9110 §9.3.7: asks for the server as a whole, which is the gateway itself.
      outgoing.writeHead(200, ['Content-Length', '0']).end()
    } else handlers.onRequest(incoming, outgoing, mustContinue)
  }

  server.on('checkContinue', (incoming, outgoing) => accept(incoming, outgoing, true))
  server.on('upgrade', handlers.onWebSocket)
  server.on('connect', (_incoming, socket) => {
    handlers.onMalformed(405)
    refuse(socket, 405)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy(error)
    const status = STATUS_OF_PARSER[error.code ?? ''] ?? 400
    handlers.onMalformed(status)
    const last = inHand.get(socket)
    // Behind requests that are still being answered: those first, in their order.
    if (last?.req.complete === true && !last.writableFinished) last.once('finish', () => refuse(socket, status))
    else if (last?.req.complete === false && last.headersSent) socket.destroy()
    else refuse(socket, status)
  })
  return server
}

const TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
}

function refuse(socket: Duplex, status: number): void {
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status} ${TEXT[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  )
}
