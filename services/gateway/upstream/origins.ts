import { Pool } from 'undici'

/** The connections to one origin; shared by all services that have an endpoint there. */
export interface Origin {
  readonly url: string
  /** Opened when it is first asked for: one takes 18 kB, and of 10,000 origins few are spoken to. */
  readonly pool: Pool
  opened: Pool | undefined
  /** Requests given to the pool and not yet over: undici's own queue has no bound. */
  inFlight: number
  users: number
}

export interface OriginsOptions {
  readonly maxConnections: number
  readonly connectTimeoutMs: number
  /** From the request's end to the response's head. */
  readonly headersTimeoutMs: number
  /** Between two pieces of a response's body. */
  readonly bodyTimeoutMs: number
}

/** One pool an origin, as long as an endpoint is there; connections in use end by themselves after that. */
export interface Origins {
  readonly retain: (url: string) => Origin
  readonly release: (origin: Origin) => void
  readonly size: () => number
  readonly close: () => Promise<void>
}

/** Shorter than most servers keep theirs: a connection that the other side is about to close is a request lost. */
const KEEP_ALIVE_MS = 4_000

export function createOrigins(options: OriginsOptions): Origins {
  const origins = new Map<string, Origin>()

  function pooled(url: string): Pool {
    const pool = new Pool(url, {
      connections: options.maxConnections,
      pipelining: 1, // more would put a request behind another's response
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: options.headersTimeoutMs,
      bodyTimeout: options.bodyTimeoutMs,
      maxHeaderSize: 64 * 1024,
      connect: { timeout: options.connectTimeoutMs, noDelay: true },
    })
    // Each request hears of its own failure; this is the pool's echo of it.
    pool.on('connectionError', () => {})
    return pool
  }

  function add(url: string): Origin {
    const origin: Origin = {
      url,
      get pool() {
        this.opened ??= pooled(url)
        return this.opened
      },
      opened: undefined,
      inFlight: 0,
      users: 0,
    }
    origins.set(url, origin)
    return origin
  }

  return {
    retain(url) {
      const origin = origins.get(url) ?? add(url)
      origin.users++
      return origin
    },
    release(origin) {
      origin.users--
      if (origin.users > 0) return
      origins.delete(origin.url)
      // Graceful: what is in flight is finished. It rejects only where the pool is gone already.
      origin.opened?.close().catch(() => {})
    },
    size: () => origins.size,
    async close() {
      await Promise.all(Array.from(origins.values(), ({ opened }) => opened?.destroy()))
      origins.clear()
    },
  }
}
