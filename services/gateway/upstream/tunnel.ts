import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { Exchange, type ExchangeEnv, type ExchangeOf } from './exchange.ts'
import { clientFields } from './response-fields.ts'

/** Tunnels that are open, so that a stop can end them. */
export interface Tunnels {
  readonly size: () => number
  readonly add: (client: Duplex, upstream: Duplex) => void
  /** Cuts all of them: a proxy knows no frame boundary at which to say goodbye. */
  readonly cut: () => void
}

export function createTunnels(): Tunnels {
  const open = new Set<Duplex>()
  return {
    size: () => open.size,
    add(client, upstream) {
      open.add(client)
      join(client, upstream)
      client.once('close', () => open.delete(client))
    },
    cut() {
      for (const client of open) client.destroy()
    },
  }
}

/** Two sockets as one: bytes both ways with backpressure, the end of one is the end of the other. */
function join(client: Duplex, upstream: Duplex): void {
  client.pipe(upstream)
  upstream.pipe(client)
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    // Always followed by close.
    one.on('error', () => {})
    one.once('close', () => other.destroy())
  }
}

export interface TunnelOf extends ExchangeOf {
  readonly client: Duplex
  /** What the client sent before it had an answer: goes on only once the upstream has agreed (RFC 9110 §7.8). */
  readonly early: Buffer
  readonly tunnels: Tunnels
}

/** A WebSocket handshake: the upstream's 101 joins both sockets, any other answer is relayed and ends the connection. */
export class TunnelExchange extends Exchange {
  readonly #tunnel: TunnelOf

  constructor(env: ExchangeEnv, of: TunnelOf) {
    super(env, of, 'websocket')
    this.#tunnel = of
  }

  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: object,
    upstream: Duplex,
  ): void {
    const { client, early, extra, outgoing, tunnels } = this.#tunnel
    this.finish(status)
    if (client.destroyed) return void upstream.destroy()
    outgoing.detachSocket(outgoing.socket as never)
    const fields = clientFields(controller.rawHeaders as Buffer[], extra)
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket']
    for (let i = 0; i < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`)
    client.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
    if (early.length > 0) upstream.write(early)
    tunnels.add(client, upstream)
  }
}
