import { sameSecret } from '#lib/http.ts'
import type { WebSocket, WsRoute } from '#lib/ws.ts'
import { type Frame, type FromOwner, type FromPeer, frameOfPeer, PEER_PATH } from './wire.ts'

/** What this replica does with another one's frames; `from` is who sent it, `reply` goes back on the same connection. */
export interface PeerHandlers {
  readonly hello: (frame: Frame<'hello'>) => void
  readonly asks: (frame: Frame<'asks'>, from: string, reply: Reply) => void
  readonly release: (frame: Frame<'release'>) => void
  readonly handover: (frame: Frame<'handover'>, from: string, reply: Reply) => void
  /** Something else was sent, perhaps by a replica of another version; its connection has been closed. */
  readonly nonsense: (from: string | undefined) => void
}
export type Reply = (frame: FromOwner) => void

export interface PeerServer {
  readonly route: WsRoute
  /** Resolves once no other replica is connected. */
  readonly deserted: () => Promise<void>
}

/** The other end of every peer's client: `GET /limits/peers`, for those that hold the control token. */
export function createPeerServer(token: string | undefined, handlers: PeerHandlers): PeerServer {
  const sockets = new Set<WebSocket>()
  const waiting: (() => void)[] = []

  function accept(socket: WebSocket): void {
    let from: string | undefined
    const reply: Reply = (frame) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame))
    }
    sockets.add(socket)
    socket.on('message', (data) => {
      if (socket.readyState !== socket.OPEN) return
      const frame = frameOfPeer(String(data))
      if (frame?.type === 'hello') from = frame.replica
      // Whoever says nonsense once may mean nonsense by all the rest.
      if (frame === undefined || from === undefined) {
        socket.close(1008, 'not a frame of the limiter')
        handlers.nonsense(from)
      } else handle(frame, from, reply)
    })
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) for (const done of waiting.splice(0)) done()
    })
  }

  function handle(frame: FromPeer, from: string, reply: Reply): void {
    switch (frame.type) {
      case 'hello':
        handlers.hello(frame)
        break
      case 'asks':
        handlers.asks(frame, from, reply)
        break
      case 'release':
        handlers.release(frame)
        break
      case 'handover':
        handlers.handover(frame, from, reply)
        break
      default:
        frame satisfies never
    }
  }

  return {
    route: {
      matches: (path) => path === PEER_PATH,
      refuse: ({ headers }) =>
        token === undefined || sameSecret(headers.authorization ?? '', `Bearer ${token}`) ? undefined : 401,
      accept,
    },
    deserted: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
}
