import type { Server } from 'node:http'
import { SoaError } from '#lib/error.ts'
import { closed, listening, urlOf } from '#lib/http.ts'
import type { Part } from '#lib/run.ts'
import type { Tunnels } from '../upstream/tunnel.ts'
import { frontServer, type Handlers, type ServerLimits } from './server.ts'

export interface DataServer extends Part {
  readonly server: Server
  readonly url: () => string
  readonly connections: () => number
  /** Whether connections are to be ended after the response in hand. */
  readonly isDraining: () => boolean
}

/** The port that clients use, as a part. While the process drains, each response asks its client to connect anew: elsewhere. */
export function dataServer(
  handlers: Handlers,
  tunnels: Tunnels,
  config: ServerLimits & { readonly host: string; readonly port: number },
): DataServer {
  const server = frontServer(config, handlers)
  let connections = 0
  let isDraining = false
  let url: string | undefined
  server.on('connection', (socket) => {
    connections++
    socket.once('close', () => {
      connections--
    })
  })

  return {
    name: 'gateway',
    server,
    url() {
      if (url === undefined) throw new SoaError('SOA_INTERNAL', 'the gateway has not started: it has no URL yet')
      return url
    },
    connections: () => connections,
    isDraining: () => isDraining,
    async start() {
      await listening(server, config.host, config.port, 'the gateway')
      url = urlOf(server, config.host)
    },
    drain() {
      isDraining = true
    },
    async stop() {
      isDraining = true
      const over = closed(server)
      tunnels.cut()
      await over
    },
  }
}
