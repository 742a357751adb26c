import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { reasonOf } from './error.ts'
import { type Backoff, backoffMs } from './retry.ts'
import type { Part } from './run.ts'

export type { WebSocket } from 'ws'

/** One upgrade route of an HTTP server: what it answers for and what it does with the socket. */
export interface WsRoute {
  readonly matches: (path: string) => boolean
  /** An HTTP status to refuse with, or undefined to accept. */
  readonly refuse?: (request: IncomingMessage) => number | undefined
  readonly accept: (socket: WebSocket, request: IncomingMessage) => void
}

const PING_MS = 10_000

/** Serves WebSockets beside an HTTP server; a peer that misses a ping is cut. Stop closes all with 1001 (going away). */
export function wsPart(name: string, server: Server, routes: readonly WsRoute[], maxPayload = 64 * 1024 * 1024): Part {
  const sockets = new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: false })
  const alive = new WeakSet<WebSocket>()
  let pinger: NodeJS.Timeout | undefined

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const route = routes.find((each) => each.matches(path))
    const status = route === undefined ? 404 : route.refuse?.(request)
    if (route === undefined || status !== undefined) {
      socket.end(`HTTP/1.1 ${status ?? 404} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      alive.add(opened)
      opened.on('pong', () => alive.add(opened))
      // An error is always followed by close, which is where each route cleans up.
      opened.on('error', () => opened.terminate())
      route.accept(opened, request)
    })
  }

  function ping(): void {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) socket.terminate()
      else socket.ping()
    }
  }

  return {
    name,
    start() {
      server.on('upgrade', onUpgrade)
      pinger = setInterval(ping, PING_MS)
    },
    stop() {
      clearInterval(pinger)
      server.off('upgrade', onUpgrade)
      for (const socket of sockets.clients) socket.close(1001, 'going away')
      const cut = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
      }, 1_000)
      cut.unref()
    },
  }
}

export interface WsClientOptions {
  readonly name: string
  /** Asked before each try; http(s) URLs are turned into ws(s). */
  readonly url: () => string
  readonly headers?: () => Readonly<Record<string, string>>
  readonly onOpen: (send: (frame: unknown) => void) => void
  readonly onFrame: (frame: unknown, send: (frame: unknown) => void) => void
  readonly onDown?: (reason: string) => void
  readonly backoff?: Backoff
  readonly random: () => number
}

export interface WsClient extends Part {
  /** Sends now; a no-op returning false while down: state is told again on the next open. */
  readonly send: (frame: unknown) => boolean
  readonly isUp: () => boolean
  /** Drops the connection; the client dials again. */
  readonly redial: (reason: string) => void
}

/** A JSON WebSocket that is dialled again for ever, with backoff, and cut when the other side falls silent. */
export function wsClient(options: WsClientOptions): WsClient {
  const { backoff = { baseMs: 100, maxMs: 5_000 } } = options
  let socket: WebSocket | undefined
  let timer: NodeJS.Timeout | undefined
  let silence: NodeJS.Timeout | undefined
  let attempt = 0
  let stopped = false

  function send(frame: unknown): boolean {
    if (socket?.readyState !== WebSocket.OPEN) return false
    socket.send(JSON.stringify(frame))
    return true
  }

  function dial(): void {
    let reason = 'closed'
    let dialled: WebSocket
    try {
      dialled = opened()
    } catch (error) {
      // An address that is not known yet is one more way to be down.
      again(reasonOf(error))
      return
    }
    socket = dialled
    const heard = () => {
      clearTimeout(silence)
      silence = setTimeout(() => dialled.terminate(), 3 * PING_MS)
    }
    dialled.on('open', () => {
      attempt = 0
      heard()
      options.onOpen(send)
    })
    dialled.on('ping', heard)
    dialled.on('message', (data) => {
      heard()
      try {
        options.onFrame(JSON.parse(String(data)), send)
      } catch (error) {
        reason = reasonOf(error)
        dialled.terminate()
      }
    })
    dialled.on('error', (error) => {
      reason = reasonOf(error)
    })
    dialled.on('close', () => {
      clearTimeout(silence)
      again(reason)
    })
  }

  function again(reason: string): void {
    if (stopped) return
    options.onDown?.(reason)
    timer = setTimeout(dial, backoffMs(backoff, attempt++, options.random))
  }

  function opened(): WebSocket {
    return new WebSocket(options.url().replace(/^http/, 'ws'), {
      headers: { ...options.headers?.() },
      perMessageDeflate: false,
      handshakeTimeout: 5_000,
      maxPayload: 256 * 1024 * 1024,
    })
  }

  return {
    name: options.name,
    start: dial,
    stop() {
      stopped = true
      clearTimeout(timer)
      clearTimeout(silence)
      socket?.close(1000)
    },
    send,
    isUp: () => socket?.readyState === WebSocket.OPEN,
    redial(reason) {
      options.onDown?.(reason)
      socket?.terminate()
    },
  }
}
