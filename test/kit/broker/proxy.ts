import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A stretch of network between clients and a broker that can fail as networks do. */
export interface Proxy {
  /** The broker's URL, by this way. */
  readonly url: string
  /** Resets what is connected, and whoever dials until `resume`. */
  readonly cut: () => void
  /** Carries nothing either way and tells nobody: what a lost route looks like. */
  readonly freeze: () => void
  readonly resume: () => void
  readonly stop: () => Promise<void>
}

export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let way: 'open' | 'cut' | 'frozen' = 'open'

  const server = createServer((client) => {
    if (way === 'cut') {
      client.resetAndDestroy()
      return
    }
    const upstream = connect(Number(port), hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      // A pipe's pauses would end a freeze; by hand, then.
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause()
      })
      to.on('drain', () => {
        if (way === 'open') from.resume()
      })
      from.on('error', () => to.resetAndDestroy())
      from.on('end', () => to.end())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      if (way === 'frozen') from.pause()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)

  function cut(): void {
    way = 'cut'
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    url: url.href,
    cut,
    freeze() {
      way = 'frozen'
      for (const socket of sockets) socket.pause()
    },
    resume() {
      way = 'open'
      for (const socket of sockets) socket.resume()
    },
    stop() {
      cut()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}
