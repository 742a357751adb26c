import { createParser } from 'eventsource-parser'
import { WebSocket } from 'ws'
import type { WatchFrame } from '#lib/discovery.ts'
import type { ServiceHealth } from '#lib/model/health.ts'

/** A watcher of the registry: all frames so far, and the services as they add up. */
export interface Watcher {
  readonly frames: readonly WatchFrame[]
  /** By key. */
  readonly services: ReadonlyMap<string, ServiceHealth>
  /** Whether the registry has ended it. */
  readonly hasEnded: () => boolean
  readonly close: () => void
}

/** `GET /watch` as Server-Sent Events, read by a parser that is not ours. */
export async function watchStream(url: string, headers: Record<string, string> = {}): Promise<Watcher & Response> {
  const closing = new AbortController()
  const response = await fetch(url, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: closing.signal,
  })
  const { take, watcher } = gathered()
  let hasEnded = false
  const parser = createParser({
    onEvent({ id, data }) {
      const frame = JSON.parse(data) as WatchFrame
      if (id !== frame.index) throw new Error(`event ${id} carries index ${frame.index}`)
      take(frame)
    },
  })
  async function read(): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }))
    } catch (error) {
      if (!closing.signal.aborted) throw error
    } finally {
      hasEnded = true
    }
  }
  void read()
  return Object.assign(response, watcher, { hasEnded: () => hasEnded, close: () => closing.abort() })
}

export interface SocketWatcher extends Watcher {
  readonly closeCode: () => number | undefined
  /** Stops reading: what the registry sends piles up. */
  readonly pause: () => void
  readonly resume: () => void
}

/** `GET /watch` as a WebSocket; rejects when it is refused. */
export async function watchSocket(url: string): Promise<SocketWatcher> {
  const { take, watcher } = gathered()
  let code: number | undefined
  const socket = new WebSocket(url.replace(/^http/, 'ws'))
  socket.on('message', (data) => take(JSON.parse(String(data))))
  socket.on('close', (given) => {
    code = given
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return {
    ...watcher,
    hasEnded: () => code !== undefined,
    closeCode: () => code,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(),
  }
}

function gathered() {
  const frames: WatchFrame[] = []
  const services = new Map<string, ServiceHealth>()
  function take(frame: WatchFrame): void {
    frames.push(frame)
    if (frame.type === 'snapshot') services.clear()
    for (const service of frame.type === 'snapshot' ? frame.services : frame.put) services.set(service.key, service)
    for (const key of frame.type === 'snapshot' ? [] : frame.drop) services.delete(key)
  }
  return { take, watcher: { frames, services } }
}
